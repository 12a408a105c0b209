/** What both pages need: elements, bars, and the notice at the top. */

export const element = id => document.getElementById(id);

/** A new element with properties and children. Texts are never parsed as HTML: they may come from anywhere. */
export function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** A row of a bar chart: a name, a bar and a value. */
export const makeBar = () => make('li', {}, make('span'), make('i', {}, make('b')), make('output'));

/** Shows a message at the top of the page; an empty one hides it. */
export function notice(text) {
  const line = element('notice');
  if (line.textContent !== text) line.textContent = text;
  line.hidden = !text;
}
