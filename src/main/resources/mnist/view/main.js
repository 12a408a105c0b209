/** Chooses the page by the address: # the list, #NAME a run, #compare=A,B several runs. */

import {ComparePage} from './compare.js';
import {ListPage} from './list.js';
import {RunPage} from './runpage.js';
import {element, notice} from '/shared/page.js';

const pages = {
  list: new ListPage(notice),
  compare: new ComparePage(notice),
  run: new RunPage(notice),
};
let shown = null;

/** Decodes a name in an address; a typed one may have a % that escapes nothing. */
function decode(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function route() {
  const address = location.hash.slice(1);
  const [page, argument] = address === ''
    ? ['list']
    : address.startsWith('compare=')
      ? ['compare', address.slice('compare='.length).split(',').map(decode)]
      : ['run', decode(address)];
  if (shown) pages[shown].close();
  notice('');
  shown = page;
  for (const name of Object.keys(pages)) element(`${name}-page`).hidden = name !== page;
  scrollTo(0, 0);
  pages[page].open(argument);
}

/** Whether the focused element handles a key itself. */
function handlesKey(e) {
  if (e.ctrlKey || e.altKey || e.metaKey) return true;
  const at = e.target instanceof Element ? e.target : document.body;
  if (at.closest('dialog, select, input:not([type=range])')) return e.key !== 'Escape' || at.closest('dialog');
  return (e.key === ' ' || e.key === 'Enter') && at.closest('button, a');
}

addEventListener('keydown', e => {
  if (shown === 'run' && !handlesKey(e) && pages.run.key(e)) e.preventDefault();
});
addEventListener('hashchange', route);
route();

/** What is shown, for tests. */
window.view = {
  get page() {
    return shown;
  },
  get state() {
    return shown === 'list' ? {} : pages[shown].state;
  },
  get iteration() {
    return this.state.iteration;
  },
  get wrongTraining() {
    return this.state.wrongTraining;
  },
  get wrongTest() {
    return this.state.wrongTest;
  },
};
