// One conversation behind every door: it enhances the form of our own page, or puts a panel on a partner's page.
// web/widget.py writes SETUP above this code and the words in place of every say['...'].
// Text reaches the page by textContent alone, style by constructed sheets: no CSP of a partner's is in the way.
const SCRIPT = document.currentScript;
const NAME = 'nexgenesis-chat';
const FORM = document.getElementById(SCRIPT.dataset.form);
const HOME = FORM ? '' : SETUP.home;
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
  if (!ok || !answer) throw {status, errors: answer?.errors, wait: response.headers.get('Retry-After')};
  return answer;
}

const reason = ({status, name, wait}) => {
  if (status === 429) return say['widget.busy'].replace('{seconds}', wait || 60);
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

// The request for a consultation, drawn from what the service says its fields are.
function consultation(facts, {origin, asked, status, fail, leave, done}) {
  const {words} = facts;
  const fields = facts.fields.filter((one) => asked.length || !/summary/.test(one.name));
  const box = el('section.desk', {'aria-label': words.title});
  const more = el('details', {}, el('summary', {}, words.more));
  const made = {};
  let key;
  let sent;

  const draw = ({name, type, label, help, autocomplete, most, choices}) => {
    const id = `booking-${name}`;
    const described = {'aria-describedby': `${id}-help ${id}-said`};
    const below = [el('p', {id: `${id}-help`}, help), el('p.failed', {id: `${id}-said`})];
    const tick = (text, props) => {
      const input = el('input', {type: 'checkbox', ...props});
      return [input, el('label.pick', {}, input, text)];
    };
    if (type === 'times') {
      const ticks = choices.map((one) => tick(one.label, {time: one}));
      made[name] = ticks.map(([input]) => input);
      return el('fieldset', {id, ...described}, el('legend', {}, label), below, ticks.map(([, one]) => one));
    }
    if (type === 'checkbox') {
      const [input, one] = tick(label, {id, ...described});
      made[name] = input;
      return el('div', {}, below, one);
    }
    const input = el(type === 'textarea' ? type : 'input', {id, autocomplete, maxLength: most, ...described});
    if (type !== 'textarea') input.type = type;
    if (name === 'summary') input.value = asked.join('\n');
    if (name === 'zone') input.value = Intl.DateTimeFormat().resolvedOptions().timeZone || '';
    made[name] = input;
    return el('div', {}, el('label', {htmlFor: id}, label), below, input);
  };

  const value = ({name, type}) => {
    const input = made[name];
    if (type === 'times') return input.filter((one) => one.checked).map(({time: {day, part}}) => ({day, part}));
    return type === 'checkbox' ? input.checked : input.value;
  };
  const filled = () => {
    const body = {...origin(), consent_version: facts.consent_version};
    for (const one of fields) body[one.name] = value(one);
    if (!body.send_summary) delete body.summary;
    delete body.send_summary;
    if (!body.times.length) delete body.zone;
    return body;
  };
  const told = ({name, type}) => {
    const input = made[name];
    if (type === 'times') return input.filter((one) => one.checked).map((one) => one.time.label).join(', ');
    return type === 'checkbox' ? input.checked && words.yes : input.value;
  };

  const show = (...content) => {
    box.replaceChildren(...content);
    box.scrollIntoView({block: 'start'});
    box.querySelector('[aria-invalid=true], h2, input').focus();
  };
  const mend = (errors) => {
    for (const {name} of fields) {
      const said = errors.find((error) => error.field === name)?.message || '';
      const input = form.querySelector(`#booking-${name}`);
      input.setAttribute('aria-invalid', !!said);
      form.querySelector(`#booking-${name}-said`).textContent = said;
      if (said && more.contains(input)) more.open = true;
    }
  };
  const ask = async (path, body, headers) => {
    status.textContent = say['widget.wait'];
    try {
      const answer = await call(path, body, headers);
      status.textContent = '';
      return answer;
    } catch (error) {
      if (!error.errors?.length) return fail(error);
      status.textContent = '';
      mend(error.errors);
      show(form);
    }
  };
  const check = async () => {
    mend([]);
    const body = filled();
    if (!await ask('/api/v1/consultations/check', body)) return;
    const facts = fields.filter((one) => one.name !== 'consent' && body[one.name] && told(one));
    show(heading(words.review_title),
      el('dl', {}, facts.map((one) => [el('dt', {}, one.label), el('dd', {}, told(one))])),
      el('p', {}, words.unwatched),
      row(el('button.send', {type: 'button', onclick: () => send(body)}, words.send), button(words.change, () => show(form))));
  };
  const send = async (body) => {
    const text = JSON.stringify(body);
    if (text !== sent) key = [...crypto.getRandomValues(new Uint8Array(16))].join('-');
    sent = text;
    const receipt = await ask('/api/v1/consultations', body, {'Idempotency-Key': key});
    if (!receipt) return;
    const within = receipt.reply_within;
    show(heading(words.sent_title), el('p', {}, receipt.says),
      el('p', {}, within ? words.within.replace('{reply_within}', within) : words.soon),
      el('p', {}, words.unwatched),
      row(el('a.way', {href: HOME + receipt.status_url, ...OUTSIDE}, `${words.link} ${say['link.tab']}`), button(say['widget.hide'], leave)));
    done(receipt.alert);
  };
  const drawn = fields.map((one) => [one, draw(one)]);
  more.append(...drawn.filter(([one]) => one.more).map(([, node]) => node));
  const form = el('form.form', {noValidate: true, onsubmit: (event) => { event.preventDefault(); check(); }},
    el('p', {}, words.lead),
    drawn.filter(([one]) => !one.more && one.name !== 'consent').map(([, node]) => node), more,
    drawn.at(-1)[1],
    row(el('button.send', {}, words.review), button(say['widget.hide'], leave)));
  return {box, open: () => show(form)};
}

// The conversation over one form: the log grows, the status says what goes on, the text stays until it got through.
function converse({form, input, log, box, partner, country, tell, close, page}) {
  const kept = [];
  const asked = [];
  const waiting = new Set();
  let token = form.elements.conversation?.value || null;
  let danger = false;
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
  const fail = (error) => {
    status.replaceChildren(el('p.failed', {}, reason(error)));
    if (error.status !== 429 && !danger) show(SETUP.emergency, SETUP.contacts);
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
      const done = (alert) => { if (alert) show(alert.text, alert.contacts); tell('booking', {}); };
      const {box, open} = consultation(facts, {origin, asked, status, fail, leave, done});
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
      if (alert && !danger) { danger = true; show(alert.text, alert.contacts); }
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

// Print the conversation alone, not the partner's page around it.
function print() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(FORM ? '' : `@media print{body :not(:has(${NAME}),${NAME}){display:none!important}}`);
  document.adoptedStyleSheets.push(sheet);
  window.print();
  document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
}

const makeLog = () => el('div.log', {role: 'log', 'aria-label': say['log.label']});

function enhancePage() {
  const {message: input, country} = FORM.elements;
  const log = makeLog();
  const picks = document.getElementById('pick');
  const framed = parent !== window;
  const tell = (event, detail) => framed && parent.postMessage({[NAME]: event, detail}, '*');
  document.getElementById('reply').after(log);
  document.getElementById('tools')?.remove();
  const pick = converse({form: FORM, input, log, box: document.body, partner: SETUP.partner, country, tell});
  picks.onsubmit = (event) => {
    const {value: entry, textContent: question} = event.submitter;
    event.preventDefault();
    pick({entry, question});
  };
  if (!framed) return;
  document.onkeydown = (event) => { if (event.key === 'Escape') tell('close'); };
  onmessage = ({source, data}) => {
    if (source !== parent || !(NAME in data)) return;
    input.value ||= data[NAME];
    input.focus();
  };
}

// The colours a partner sets, as long as text on them can be read.
function colours(host) {
  const probe = host.shadowRoot.appendChild(el('i'));
  const light = (colour) => {
    probe.style.color = '';
    probe.style.color = colour;
    const parts = probe.style.color && getComputedStyle(probe).color.match(/^rgb\((.+), (.+), (.+)\)/);
    if (!parts) return null;
    const [r, g, b] = parts.slice(1).map((part) => (part / 255 <= .04045 ? part / 255 / 12.92 : ((part / 255 + .055) / 1.055) ** 2.4));
    return .2126 * r + .7152 * g + .0722 * b + .05;
  };
  const wish = (name) => getComputedStyle(host).getPropertyValue(`--${NAME}-${name}`).trim();
  const accent = wish('accent') || SETUP.accent;
  const ground = light(accent);
  const text = light(wish('accent-text'));
  const reads = text && ground && Math.max(text, ground) / Math.min(text, ground) >= 4.5;
  probe.remove();
  return ground && {'--fill': accent, '--on-fill': reads ? wish('accent-text') : ground > .179 + .05 ? '#000' : '#fff'};
}

class Chat extends HTMLElement {
  connectedCallback() {
    if (!this.shadowRoot) this.build();
    document.addEventListener('focusin', this);
    addEventListener('message', this);
    if (this.isOpen) this.panel.showPopover();
  }

  disconnectedCallback() {
    document.removeEventListener('focusin', this);
    removeEventListener('message', this);
  }

  build() {
    const root = this.attachShadow({mode: 'open'});
    const set = this.set = {...SCRIPT.dataset, ...this.dataset};
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(SETUP.style);
    root.adoptedStyleSheets = [sheet];
    this.partner = set.partner || SETUP.partner;
    this.link = this.querySelector('a') || this.appendChild(el('a', {href: `${SETUP.home}/?partner=${this.partner}`}, set.label || say['widget.launch']));
    this.label = this.link.textContent;
    this.setAttribute('role', 'region');
    this.setAttribute('aria-label', this.label);
    if (set.position) this.dataset.position = set.position;
    const paint = colours(this);
    for (const name in paint) this.style.setProperty(name, paint[name]);
    root.append(el('slot'));
    this.link.onclick = (event) => {
      if (set.panel === 'page' || !('popover' in this) || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.open();
    };
    this.tell('ready', {});
  }

  furnish() {
    const {set, partner} = this;
    this.panel = el('section.chat panel', {
      role: 'dialog', 'aria-label': this.label, lang: SETUP.language, dir: SETUP.direction, popover: 'manual',
      onkeydown: (event) => { if (event.key === 'Escape') this.close(); },
    }, el('h2', {}, this.label));
    if (set.theme) this.panel.classList.add(set.theme);
    const close = button(say['widget.close'], () => this.close());
    const page = el('a.way', {href: this.link.href, ...OUTSIDE}, `${say['widget.page']} ${say['link.tab']}`);
    this.shadowRoot.append(this.panel);
    if (set.panel === 'frame') {
      this.input = el('iframe', {src: this.link.href, title: this.label, allow: 'clipboard-write'});
      this.greet = () => this.input.contentWindow.postMessage({[NAME]: set.question || ''}, SETUP.home);
      this.input.onload = this.greet;
      this.panel.append(this.input, row(close, page));
      return;
    }
    const input = this.input = el('input.question', {id: 'question', autocomplete: 'off', enterKeyHint: 'send', value: set.question || ''});
    const log = makeLog();
    const form = el('form.ask', {}, el('label', {htmlFor: 'question'}, say['ask.label']), el('div.line', {}, input, el('button.send', {}, say['ask.send'])));
    const flow = el('div.flow', {}, el('p.notice', {}, say['about.automated']), log);
    this.panel.append(flow, form);
    const pick = converse({form, input, log, box: this.panel, partner, tell: (name, detail) => this.tell(name, detail), close, page});
    log.before(el('p.label', {}, say['examples.label']), row(SETUP.examples.map((one) => button(one.question, () => pick(one)))));
  }

  open(question) {
    if (question) this.set.question = question;
    if (this.greet) this.greet();
    if (!this.panel) this.furnish();
    this.isOpen = this.link.hidden = true;
    this.panel.showPopover();
    if (question) this.input.value = question;
    this.input.focus();
    this.tell('open', {});
  }

  close() {
    if (!this.isOpen) return;
    this.isOpen = this.link.hidden = false;
    window.speechSynthesis?.cancel();
    this.link.focus();
    this.panel.hidePopover();
    this.tell('close', {});
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(`${NAME}:${name}`, {bubbles: true, composed: true, detail}));
  }

  handleEvent({type, target, source, origin, data}) {
    if (type === 'focusin') {
      const mine = this.link.getBoundingClientRect();
      const other = target.getBoundingClientRect();
      if (this.contains(target) || this.set.position) return;
      this.toggleAttribute('data-away', other.right > mine.left && other.left < mine.right && other.bottom > mine.top);
    } else if (source && source === this.input?.contentWindow && origin === SETUP.home) {
      if (data[NAME] === 'close') this.close();
      else this.tell(data[NAME], data.detail);
    }
  }
}

function mount() {
  if (customElements.get(NAME)) return;
  customElements.define(NAME, Chat);
  if (document.querySelector(NAME)) return;
  const host = el(NAME);
  const stay = () => document.querySelector(NAME) || document.body?.append(host);
  new MutationObserver(stay).observe(document.documentElement, {childList: true, subtree: true});
  stay();
}

if (FORM) enhancePage();
else if (document.readyState === 'loading') addEventListener('DOMContentLoaded', mount);
else mount();
