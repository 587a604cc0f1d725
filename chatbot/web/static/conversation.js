// One conversation behind every door: page.js opens it on our own page, launcher.js on a partner's.
// web/widget.py puts the files of a door together, writes SETUP above them and the words in place of every say['...'].
// Text reaches the page by textContent alone, style by constructed sheets: no CSP of a partner's is in the way.
const NAME = 'nexgenesis-chat';
const PATIENCE = 20000;
const OUTSIDE = {target: '_blank', rel: 'noopener noreferrer'};

const el = (kind, props, ...children) => {
  const [tag, className = ''] = kind.split('.');
  const node = Object.assign(document.createElement(tag), {className});
  for (const key in props) {
    if (key in node) node[key] = props[key];
    else node.setAttribute(key, props[key]);
  }
  node.append(...children.flat(2).filter(Boolean));
  return node;
};
const paragraphs = (text) => text.split('\n\n').map((part) => el('p', {}, part));
const button = (text, onclick) => el('button', {type: 'button', onclick}, text);
const row = (...items) => el('ul.row', {}, items.flat().filter(Boolean).map((item) => el('li', {}, item)));
const heading = (text) => el('h2', {tabIndex: -1}, text);
const calls = (contacts) => row(contacts.map((one) => el('a.call', {href: one.url}, `${one.label}: ${one.number}`)));

// Ask the service. What it refuses is thrown with its status; what is no JSON, and what takes too long, is thrown too.
async function call(path, body, headers) {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), PATIENCE);
  const response = await fetch(HOME + path, {
    ...(body && {method: 'POST', body: JSON.stringify(body)}),
    headers: {'Content-Type': 'application/json', ...headers}, credentials: 'omit', signal: stop.signal,
  });
  const answer = await response.json().catch((error) => {
    if (error.name !== 'SyntaxError') throw error;
  });
  const {ok, status} = response;
  if (!ok || !answer) throw {status, detail: answer?.detail, errors: answer?.errors, alert: answer?.alert, wait: response.headers.get('Retry-After')};
  return answer;
}

const refused = ({status}) => /^4/.test(status);
const reason = (error) => {
  const {status, name, wait, detail} = error;
  if (status === 429) return say['widget.busy'].replace('{seconds}', wait || 60);
  if (detail && refused(error)) return detail;
  if (status === 413 || status === 422) return say['ask.long'];
  if (status) return say['widget.fault'];
  return name === 'AbortError' ? say['widget.slow'] : say['widget.lost'];
};

// A button that reads a text aloud and stops; only where the device itself has a voice, so that no text leaves it.
function listen(text) {
  const speech = window.speechSynthesis;
  const voice = speech?.getVoices().find((one) => one.localService && one.lang.startsWith(SETUP.language));
  if (!voice) return null;
  const toggle = button(say['listen.start'], () => {
    const start = toggle.textContent === say['listen.start'];
    speech.cancel();
    if (!start) return;
    const speaking = new SpeechSynthesisUtterance(text);
    Object.assign(speaking, {voice, lang: voice.lang});
    speaking.onend = speaking.onerror = () => { toggle.textContent = say['listen.start']; };
    toggle.textContent = say['listen.stop'];
    speech.speak(speaking);
  });
  return toggle;
}

// The conversation over one form: the log grows, the status says what goes on, the text stays until it got through.
function converse({form, input, log, box, partner, country, tell, print, close, page}) {
  const kept = [];
  const asked = [];
  const waiting = new Set();
  let token = form.elements.conversation?.value || null;
  let danger = false;
  let typed = '';
  let found = [];
  let active = -1;
  let pause;

  const status = el('div.status', {role: 'status', id: 'said'});
  const alarm = el('div.card', {role: 'alert', 'aria-label': say['card.label']});
  const list = el('ul.list', {role: 'listbox', id: 'found', 'aria-label': say['suggest.label'], hidden: true});
  const desk = el('div');
  const origin = () => ({partner, language: SETUP.language, country: country?.value || SETUP.country || ''});
  const show = (text, contacts) => {
    const [action, ...rest] = paragraphs(text);
    alarm.replaceChildren(action, calls(contacts), ...rest);
  };
  const warn = (alert) => {
    if (!alert) return;
    danger = true;
    show(alert.text, alert.contacts);
  };
  const fail = (error) => {
    warn(error.alert);
    status.replaceChildren(el('p.failed', {}, reason(error)));
    if (!refused(error) && !danger && !typed) show(SETUP.emergency, SETUP.contacts);
    tell('error', {status: error.status || 0});
  };

  const way = ({mode, label, url}) => {
    if (mode !== 'form') return el('a.way', {href: /^\w+:/.test(url) ? url : HOME + url, ...(mode === 'link' && OUTSIDE)}, mode === 'link' ? `${label} ${say['link.tab']}` : label);
    return el('a.way', {
      href: `${HOME}${url}?partner=${partner}`,
      onclick: (event) => { event.preventDefault(); book(); },
    }, label);
  };
  const book = async () => {
    const leave = () => { input.focus(); desk.replaceChildren(); };
    status.textContent = say['widget.wait'];
    try {
      const facts = await call(`/api/v1/consultations/form?${new URLSearchParams(origin())}`);
      const done = () => tell('booking', {});
      const {box, open} = consultation(facts, {origin, asked, status, fail, warn, leave, done});
      status.textContent = '';
      desk.replaceChildren(box);
      open();
    } catch (error) { fail(error); }
  };

  const helpful = (entry) => {
    const vote = (text, good) => {
      const one = button(text, () => {
        call('/api/v1/feedback', {entry, helpful: good}).catch(() => {});
        one.setAttribute('aria-pressed', true);
        status.textContent = say['helpful.thanks'];
      });
      return one;
    };
    return [el('p.label', {}, say['helpful.ask']), row(vote(say['helpful.yes'], true), vote(say['helpful.no'], false))];
  };
  const choices = (label, list) => list.length > 0 && [el('p.label', {}, label), row(list.map((one) => button(one.question, () => pick(one))))];
  const told = (shown, reply) => {
    const said = [`${say['log.you']}: ${shown}`, reply.question, reply.text, reply.notice];
    const cited = reply.sources.map((one) => `${one.says} (${say['reply.place']} ${one.at})`);
    kept.push(...said, ...cited);
    if (reply.contacts.length) {
      danger = true;
      show(reply.text, reply.contacts);
      return el('section.turn', {}, el('p.mine', {}, said[0]));
    }
    if (reply.entry) asked.push(reply.question);
    typed = '';
    if (!danger) alarm.replaceChildren();
    return el('section.turn', {},
      el('p.mine', {}, said[0]), heading(reply.question || say['reply.answer']), paragraphs(reply.text),
      reply.notice && el('p.notice', {}, reply.notice),
      cited.length > 0 && el('details', {}, el('summary', {}, say['reply.sources']), el('ul', {}, cited.map((one) => el('li', {}, one)))),
      listen(reply.text),
      choices(reply.kind === 'clarify' ? say['reply.clarify'] : say['reply.choices'], reply.choices),
      reply.entry && helpful(reply.entry),
      reply.handoff && [el('p.label', {}, reply.handoff.text), row(reply.handoff.ways.map(way))]);
  };

  const send = async (body, shown) => {
    if (waiting.has(shown)) return;
    waiting.add(shown);
    fold();
    status.textContent = say['widget.wait'];
    try {
      const reply = await call('/api/v1/chat', {...body, conversation: token, ...origin()});
      token = reply.conversation;
      status.textContent = '';
      if (input.value.trim() === shown) input.value = '';
      log.append(told(shown, reply));
      log.lastChild.scrollIntoView({block: 'start'});
      tools.firstChild.hidden = danger;
      tell('answer', {kind: reply.kind});
    } catch (error) { fail(error); }
    waiting.delete(shown);
  };
  const pick = (choice) => send({choice: choice.entry}, choice.question);

  // Suggestions: nothing is sent by choosing one; Enter without a chosen one sends what was typed.
  const mark = (at) => {
    active = at;
    [...list.children].forEach((one, place) => one.setAttribute('aria-selected', place === at));
    list.children[at]?.scrollIntoView({block: 'nearest'});
    if (at < 0) input.removeAttribute('aria-activedescendant');
    else input.setAttribute('aria-activedescendant', list.children[at].id);
  };
  const fold = () => {
    clearTimeout(pause);
    list.hidden = true;
    input.ariaExpanded = false;
    mark(-1);
  };
  const choose = (at) => { input.value = found[at].question; fold(); };
  const suggest = async () => {
    const text = input.value.trim();
    try {
      const {suggestions, alert} = await call('/api/v1/suggest', {text, ...origin()});
      if (text !== input.value.trim() || waiting.size) return;
      found = suggestions;
      list.replaceChildren(...found.map((one, at) => el('li', {
        role: 'option', id: `found-${at}`, onclick: () => choose(at), onmousedown: (event) => event.preventDefault(),
      }, one.question)));
      fold();
      list.hidden = !found.length;
      input.ariaExpanded = !list.hidden;
      // what was only typed warns once, until what is sent turns out ordinary
      if (alert && !danger && typed !== alert.text) show(typed = alert.text, alert.contacts);
    } catch { /* suggestions are an aid: a question is sent without them too */ }
  };
  Object.assign(input, {
    oninput: () => {
      fold();
      if (input.value.trim().length > 1) pause = setTimeout(suggest, 150);
    },
    onblur: fold,
    onkeydown: (event) => {
      const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
      if (list.hidden || event.isComposing) return;
      if (step) mark((active + 1 + step + found.length + 1) % (found.length + 1) - 1);
      else if (event.key === 'Enter' && active >= 0) choose(active);
      else if (event.key === 'Escape') fold();
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
  });
  for (const [name, value] of Object.entries({role: 'combobox', 'aria-autocomplete': 'list', 'aria-controls': list.id, 'aria-describedby': status.id, 'aria-expanded': false})) input.setAttribute(name, value);
  form.onsubmit = (event) => {
    event.preventDefault();
    const text = input.value.trim();
    const chosen = found.find((one) => one.question === text);
    if (chosen) pick(chosen);
    else if (text) send({message: text}, text);
    else status.textContent = say['ask.empty'];
  };

  // What stands below the box: the way to the clinic, and the visitor's own settings, kept in memory only.
  const toggle = (text, style) => {
    const one = button(text, () => one.setAttribute('aria-pressed', box.classList.toggle(style)));
    one.setAttribute('aria-pressed', false);
    return one;
  };
  let size = 0;
  const sizes = [100, 125, 150, 200];
  const resize = button(`${say['settings.size']}: 100 %`, () => {
    size = (size + 1) % 4;
    box.style.fontSize = `${sizes[size] * 1.0625}%`;
    resize.textContent = `${say['settings.size']}: ${sizes[size]} %`;
  });
  const copy = () => navigator.clipboard.writeText(kept.filter(Boolean).join('\n\n'));
  const tools = row(
    SETUP.ways[0] && way(SETUP.ways[0]),
    close,
    el('details', {}, el('summary', {}, say['settings.label']), row(resize,
      toggle(say['settings.contrast'], 'plain'), toggle(say['settings.spacing'], 'wide'),
      button(say['settings.print'], print),
      button(say['settings.copy'], () => Promise.resolve().then(copy).then(
        () => { status.textContent = say['settings.copied']; },
        () => { status.textContent = say['settings.uncopied']; })),
      page)));
  tools.className = 'row tools';
  log.after(desk);
  form.prepend(status, alarm);
  form.append(list);
  form.after(tools);
  return pick;
}

const makeLog = () => el('div.log', {role: 'log', 'aria-label': say['log.label']});
