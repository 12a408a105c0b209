/** What both pages need: elements by id, and the notice at the top. */

export const element = id => document.getElementById(id);

/** Shows a message at the top of the page; an empty one hides it. */
export function notice(text) {
  const line = element('notice');
  if (line.textContent !== text) line.textContent = text;
  line.hidden = !text;
}
