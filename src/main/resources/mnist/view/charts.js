/** Curves and bands over the iterations, drawn by uPlot; the charts of a group share zoom and pointer. */

import uPlot from '/uplot/uPlot.esm.js';
import {figure} from '/shared/format.js';
import {colors, font, onThemeChange, rem} from '/shared/theme.js';
import {QUANTILES} from './record.js';

const CLICK_MILLIS = 250;
const WHEEL_FACTOR = 0.8;

/** Charts of the same iterations. */
export class ChartGroup {
  charts = [];
  /** The visible range of iterations, or null for all. */
  zoom = null;
  #full = [0, 1];
  #x = [];

  /**
   * @param name charts of the same name show the same pointer
   * @param onPick called with the index of the iteration that was clicked
   * @param onPointer called with the index of the iteration under the pointer, or null
   */
  constructor(name, {onPick = () => {}, onPointer = () => {}} = {}) {
    this.name = name;
    this.onPick = onPick;
    this.onPointer = onPointer;
    this.unlisten = onThemeChange(() => this.charts.forEach(chart => chart.redraw()));
  }

  add(host, kind) {
    const chart = new Chart(this, host, kind);
    this.charts.push(chart);
    return chart;
  }

  /** Sets the recorded iterations, and the end of the axis. */
  setX(x, last) {
    this.#x = x;
    this.#full = [0, Math.max(last, 1)];
  }

  get x() {
    return this.#x;
  }

  get range() {
    return this.zoom ?? this.#full;
  }

  /** Shows only the iterations from..to, or all if that includes them. */
  zoomTo(from, to) {
    const [first, last] = this.#full;
    if (to - from < 2) return;
    this.zoom = from <= first && to >= last ? null : [Math.max(from, first), Math.min(to, last)];
    if (!this.zoom) this.charts.forEach(chart => chart.yRange = null);
    this.#rescale();
  }

  resetZoom() {
    this.zoom = null;
    this.charts.forEach(chart => chart.yRange = null);
    this.#rescale();
  }

  #rescale() {
    for (const {plot} of this.charts) {
      if (plot) plot.setScale('x', {min: this.range[0], max: this.range[1]});
    }
  }

  destroy() {
    this.unlisten();
    this.charts.forEach(chart => chart.destroy());
    this.charts = [];
  }
}

/**
 * One chart. Its kind has these properties:
 *
 *   series   for each curve color (a name of the theme, or #rrggbb), width and opacity
 *   fixed    the vertical range while nothing is zoomed; null: that of the data
 *   limits   the largest vertical range
 *   log      whether the vertical axis is logarithmic
 *   behind   draws behind the curves: (plot, context) => …
 *   above    draws over them
 *   axis     formats a label of the vertical axis
 */
class Chart {
  plot = null;
  /** The vertical range that was zoomed to, or null. */
  yRange = null;
  #data = null;
  #iteration = null;
  #veil = null;
  #rem = 0;

  constructor(group, host, kind) {
    this.group = group;
    this.host = host;
    this.kind = kind;
    this.observer = new ResizeObserver(() => this.#resize());
    this.observer.observe(host);
  }

  /** Shows curves, one array per series. */
  setData(arrays) {
    this.#data = [this.group.x, ...arrays];
    if (!this.plot) {
      this.#build();
    } else {
      this.plot.setData(this.#data, false);
      this.plot.setScale('x', {min: this.group.range[0], max: this.group.range[1]});
    }
    this.#place();
  }

  /** Fades everything after an iteration; null: nothing. */
  setIteration(iteration) {
    if (iteration === this.#iteration) return;
    this.#iteration = iteration;
    this.#place();
  }

  /** Changes properties of its kind, keeping the data. */
  change(kind) {
    Object.assign(this.kind, kind);
    this.yRange = null;
    if (this.plot) this.#build();
  }

  /** Changes its kind for the next data. */
  reset(kind) {
    Object.assign(this.kind, kind);
    this.plot?.destroy();
    this.plot = null;
  }

  redraw() {
    this.plot?.redraw(true, true);
  }

  destroy() {
    this.observer.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  #place() {
    if (!this.plot) return;
    const hidden = this.#iteration == null;
    this.#veil.style.display = hidden ? 'none' : '';
    if (!hidden) {
      const left = this.plot.valToPos(this.#iteration, 'x');
      this.#veil.style.transform = `translateX(${Math.max(left, -2).toFixed(1)}px)`;
    }
  }

  #resize() {
    const {clientWidth: width, clientHeight: height} = this.host;
    if (!this.#data || width < 40 || height < 40) return;
    if (!this.plot || this.#rem !== rem()) {
      this.#build();
    } else if (width !== this.plot.width || height !== this.plot.height) {
      this.plot.setSize({width, height});
    }
    this.#place();
  }

  #build() {
    const {clientWidth: width, clientHeight: height} = this.host;
    if (width < 40 || height < 40) return; // hidden; built when it becomes visible
    this.plot?.destroy();
    this.#rem = rem();
    this.plot = new uPlot(this.#options(width, height), this.#data, this.host);
    this.#veil = document.createElement('div');
    this.#veil.className = 'veil';
    const frame = document.createElement('div');
    frame.className = 'veil-frame';
    frame.append(this.#veil);
    this.plot.over.prepend(frame);
    this.#listen();
    this.#place();
  }

  #options(width, height) {
    const {kind, group} = this;
    const unit = rem();
    const axis = {
      font: font(),
      stroke: () => colors.muted,
      grid: {stroke: () => colors.grid, width: 1},
      ticks: {show: false},
      gap: 0.4 * unit,
    };
    const series = kind.series.map(({color, width: line, alpha = 1, drawn = true}) => ({
      stroke: () => colors[color] ?? color,
      width: line * unit / 14,
      alpha,
      spanGaps: true,
      points: {show: false},
      ...(drawn ? {} : {paths: () => null}),
    }));
    return {
      width, height, series: [{}, ...series],
      padding: [0.6 * unit, 1.3 * unit, 0, 0],
      legend: {show: false},
      scales: {
        x: {time: false, range: () => group.range},
        y: {distr: kind.log ? 3 : 1, range: (plot, low, high) => this.#range(low, high)},
      },
      axes: [
        {...axis, size: 1.5 * unit, space: 5 * unit, values: (_, marks) => marks.map(thousands)},
        {...axis, size: 3.1 * unit, space: 2.4 * unit, filter: kind.log ? powersOfTen : all,
          grid: {...axis.grid, filter: kind.log ? powersOfTen : all},
          values: (_, marks, which, space, step) =>
            marks.map(mark => mark == null ? '' : kind.axis ? kind.axis(mark) : formatTick(mark, step, kind.log))},
      ],
      cursor: {
        y: false,
        sync: {key: group.name, scales: ['x', null], setSeries: false},
        drag: {x: true, y: false, setScale: false, dist: 4},
        bind: {dblclick: () => null},
        dataIdx: (plot, which, at) => lastKnown(plot.data[which], at),
        points: {
          show: (plot, which) => kind.series[which - 1].drawn === false ? false : undefined,
          size: 0.55 * unit,
          width: 0,
          fill: (plot, which) => colors[kind.series[which - 1].color] ?? kind.series[which - 1].color,
        },
      },
      hooks: {
        drawAxes: [plot => clipped(plot, kind.behind)],
        draw: [plot => clipped(plot, kind.above)],
        setSelect: [plot => this.#selected(plot)],
        setScale: [(plot, key) => key === 'x' && this.#veil && this.#place()],
        setCursor: [plot => plot.cursor.event && group.onPointer(plot.cursor.idx ?? null)],
      },
    };
  }

  /** The vertical range: the one zoomed to, the fixed one, or that of the visible data. */
  #range(low, high) {
    const {kind, group} = this;
    if (this.yRange) return this.yRange;
    if (kind.fixed && !group.zoom && !kind.log) return kind.fixed;
    if (low == null || !Number.isFinite(low) || !Number.isFinite(high)) return kind.log ? [0.1, 100] : [0, 1];
    if (kind.log) return [Math.max(low, 1e-4) / 1.3, Math.max(high, 1e-3) * 1.3];
    const room = (high - low || Math.abs(high) || 1) * 0.06;
    return this.#within(low - room, high + room);
  }

  #within(low, high) {
    const [least, most] = this.kind.limits ?? [-Infinity, Infinity];
    return [Math.max(low, least), Math.min(high, most)];
  }

  #selected(plot) {
    const {left, width} = plot.select;
    if (width < 4) return;
    this.group.zoomTo(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'));
    plot.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
  }

  #listen() {
    const {plot, group} = this;
    const {over} = plot;
    let pick = 0;
    let down = null;
    over.addEventListener('mousedown', e => down = e.clientX);
    over.addEventListener('click', e => {
      clearTimeout(pick);
      if (down != null && Math.abs(e.clientX - down) > 3) return; // a drag
      const at = plot.posToIdx(e.clientX - over.getBoundingClientRect().left);
      pick = setTimeout(() => group.onPick(at), CLICK_MILLIS);
    });
    over.addEventListener('dblclick', () => {
      clearTimeout(pick);
      group.resetZoom();
    });
    over.addEventListener('mouseleave', () => group.onPointer(null));
    over.addEventListener('wheel', e => this.#wheel(e), {passive: false});
  }

  /** Zooms around the pointer. Where there is nothing to zoom, the page scrolls. */
  #wheel(e) {
    const {plot, group} = this;
    const zoomsIn = e.deltaY < 0;
    const zoomed = group.zoom || this.yRange;
    if (e.deltaY === 0 || (!zoomed && (!zoomsIn || scrollY > 0))) return;
    e.preventDefault();
    const factor = zoomsIn ? WHEEL_FACTOR : 1 / WHEEL_FACTOR;
    const box = plot.over.getBoundingClientRect();
    const around = (value, [low, high]) => [value - (value - low) * factor, value + (high - value) * factor];
    if (!this.kind.log) {
      const y = plot.posToVal(e.clientY - box.top, 'y');
      const limits = this.kind.limits ?? [-Infinity, Infinity];
      const [low, high] = around(y, [plot.scales.y.min, plot.scales.y.max]);
      this.yRange = [Math.max(low, limits[0]), Math.min(high, limits[1])];
    }
    group.zoomTo(...around(plot.posToVal(e.clientX - box.left, 'x'), group.range));
  }
}

const thousands = mark => mark == null ? '' : mark >= 10_000 ? `${mark / 1000}k` : `${mark}`;

const all = (_, marks) => marks;
const powersOfTen = (_, marks) =>
  marks.map(mark => Number.isInteger(Math.round(1e6 * Math.log10(mark)) / 1e6) ? mark : null);

/** A label with as many decimals as the steps between labels need. */
function formatTick(mark, step, log) {
  if (log) return figure(mark).replace(/\.0+$|(\.\d*[1-9])0+$/, '$1');
  let digits = 0;
  while (digits < 6 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6) digits++;
  return mark.toFixed(digits).replace('-', '−');
}

/** The index of a curve's latest value, seen from an index. */
function lastKnown(values, at) {
  while (at > 0 && values[at] == null) at--;
  return at;
}

/** Draws clipped to the plot area. */
function clipped(plot, draw) {
  if (!draw) return;
  const {ctx, bbox} = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(plot, ctx);
  ctx.restore();
}

/** The kind of a chart with nested bands between quantiles, the innermost one darkest. */
export function bands(color) {
  return {
    series: Array.from({length: QUANTILES}, () => ({color, width: 0, drawn: false})),
    fixed: null,
    behind: (plot, ctx) => {
      const [x, ...quantiles] = plot.data;
      if (x.length === 0) return;
      ctx.fillStyle = colors[color];
      for (let outer = 0; outer < QUANTILES / 2; outer++) {
        ctx.globalAlpha = [0.16, 0.22, 0.32, 0.5][outer];
        ctx.beginPath();
        line(plot, ctx, x, quantiles[outer], 1);
        line(plot, ctx, x, quantiles[QUANTILES - 1 - outer], -1);
        ctx.fill();
      }
    },
  };
}

function line(plot, ctx, x, values, direction) {
  for (let k = 0; k < x.length; k++) {
    const i = direction > 0 ? k : x.length - 1 - k;
    if (values[i] == null) continue;
    ctx.lineTo(plot.valToPos(x[i], 'x', true), plot.valToPos(values[i], 'y', true));
  }
}

/**
 * The marks of an accuracy chart: a dashed line at the tutorial's accuracy, a ring at the best one.
 *
 * @param marks () => {reported, best: {iteration, accuracy} or null}, as shares of 1
 */
export function accuracyMarks(marks, percent) {
  return {
    behind: (plot, ctx) => {
      const {reported} = marks();
      if (!reported) return;
      const y = plot.valToPos(reported, 'y', true);
      const {left, width} = plot.bbox;
      ctx.strokeStyle = colors.muted;
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(left + width, y);
      ctx.stroke();
    },
    above: (plot, ctx) => {
      const {reported, best} = marks();
      const unit = rem() * devicePixelRatio;
      const {left, top, width, height} = plot.bbox;
      ctx.font = scaled(font(0.78));
      ctx.textBaseline = 'middle';
      ctx.textAlign = 'left';
      const label = (text, x, y, color) => {
        const wide = ctx.measureText(text).width;
        const at = Math.min(Math.max(x - wide / 2, left + 0.4 * unit), left + width - wide - 0.4 * unit);
        ctx.strokeStyle = colors.paper; // keeps it legible over curves
        ctx.lineWidth = 0.3 * unit;
        ctx.lineJoin = 'round';
        ctx.strokeText(text, at, y);
        ctx.fillStyle = color;
        ctx.fillText(text, at, y);
      };
      // The line's label is below it and the ring's below that, as both are near the top.
      const line = plot.valToPos(reported || 1, 'y', true);
      if (reported && line >= top && line <= top + height) {
        const y = line + 1.6 * unit < top + height ? line + 1.6 * unit : line - 0.8 * unit;
        label(`tutorial ${percent(reported)}`, left + width, y, colors.muted);
      }
      if (best) {
        const x = plot.valToPos(best.iteration, 'x', true);
        const y = plot.valToPos(best.accuracy, 'y', true);
        ctx.lineWidth = 1.6 * unit / 14;
        ctx.strokeStyle = colors.test;
        ctx.fillStyle = colors.paper;
        ctx.beginPath();
        ctx.arc(x, y, 0.28 * unit, 0, 2 * Math.PI);
        ctx.fill();
        ctx.stroke();
        const below = Math.max(y, reported ? line : y) + 2.8 * unit;
        if (x >= left && x <= left + width) {
          label(`best ${percent(best.accuracy)}`, x, below < top + height ? below : y - unit, colors.test);
        }
      }
    },
  };
}

/** A font in device pixels instead of CSS pixels. */
const scaled = text => text.replace(/([\d.]+)px/, (_, size) => `${size * devicePixelRatio}px`);
