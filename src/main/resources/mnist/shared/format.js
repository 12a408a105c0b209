/** Numbers and times as people read them. */

const THOUSANDS = new Intl.NumberFormat('en');

/** 10000 as 10,000. */
export const count = number => THOUSANDS.format(number);

/** 0.9885 as 98.85%, 0.99 as 99%. */
export const percent = share =>
  share == null ? '–' : `${(100 * share).toFixed(2).replace(/\.?0+$/, '')}%`;

/** A loss or a weight: about three digits that mean something. */
export function figure(value) {
  if (value == null || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e5)) {
    return value.toExponential(1).replace('-', '−').replace('e−', 'e−').replace('e+', 'e');
  }
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 || size === 0 ? 2 : 3;
  return value.toFixed(digits).replace('-', '−');
}

/** 75 as 1 min 15 s. */
export function duration(seconds) {
  if (seconds == null || !Number.isFinite(seconds)) return '–';
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

/** An instant of ISO 8601 as a local date and time. */
export const when = instant =>
  instant ? new Date(instant).toLocaleString('en-GB', {dateStyle: 'medium', timeStyle: 'short'}) : '–';
