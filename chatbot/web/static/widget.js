// One conversation, two places: enhances the form of our own page, or puts a panel on a partner's page.
// SETUP (words, numbers, style) stands above this code; text reaches the page by textContent alone.
const SCRIPT = document.currentScript;
const say = SETUP.say;
let token = null;

const el = (tag, props = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === 'on') for (const [type, act] of Object.entries(value)) node.addEventListener(type, act);
    else if (name in node && name !== 'list' && name !== 'form') node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter(Boolean));
  return node;
};
const address = (path) => (/^[a-z]+:/.test(path) ? path : SETUP.home + path);
const paragraphs = (text) => text.split('\n\n').map((part) => el('p', {textContent: part}));

async function post(path, body) {
  const response = await fetch(address(path), {
    method: 'POST', headers: {'Content-Type': 'application/json'}, credentials: 'omit', body: JSON.stringify(body),
  });
  if (!response.ok) throw Object.assign(new Error(), {status: response.status});
  return response.json();
}

function chips(label, choices, pick) {
  if (!choices.length) return null;
  const buttons = choices.map((choice) =>
    el('li', {}, el('button', {type: 'button', textContent: choice.question, on: {click: () => pick(choice)}})));
  return el('div', {}, el('p', {className: 'label', textContent: label}), el('ul', {className: 'chips'}, ...buttons));
}

function sources(reply) {
  if (!reply.sources.length) return null;
  const items = reply.sources.map((source) =>
    el('li', {textContent: `${source.says} (${say['reply.place']} ${source.at})`}));
  return el('details', {className: 'sources'},
    el('summary', {textContent: say['reply.sources']}), el('ul', {}, ...items));
}

function card(text, contacts) {
  const links = contacts.map((contact) =>
    el('li', {}, el('a', {className: 'call', href: contact.url, textContent: `${contact.label}: ${contact.number}`})));
  return el('section', {className: 'card', role: 'alert', 'aria-label': say['card.label']},
    ...paragraphs(text), el('ul', {className: 'chips'}, ...links));
}

function ways(handoff) {
  if (!handoff) return null;
  const links = handoff.ways.map((way) =>
    el('li', {}, el('a', {className: 'way', href: address(way.url), textContent: way.label})));
  return el('div', {}, el('p', {className: 'label', textContent: handoff.text}), el('ul', {className: 'chips'}, ...links));
}

function helpful(reply) {
  if (!reply.entry) return null;
  const row = el('p', {className: 'helpful', textContent: say['helpful.ask'] + ' '});
  const vote = (good) => () => {
    post('/api/v1/feedback', {entry: reply.entry, helpful: good}).catch(() => {});
    row.setAttribute('tabindex', '-1');
    row.focus();
    row.textContent = say['helpful.thanks'];
  };
  row.append(el('button', {type: 'button', textContent: say['helpful.yes'], on: {click: vote(true)}}), ' ',
    el('button', {type: 'button', textContent: say['helpful.no'], on: {click: vote(false)}}));
  return row;
}

function turn(reply, pick) {
  if (reply.contacts.length) return el('div', {className: 'turn'}, card(reply.text, reply.contacts));
  return el('div', {className: 'turn'},
    reply.question && el('h2', {textContent: reply.question}),
    ...paragraphs(reply.text),
    sources(reply),
    reply.notice && el('p', {className: 'notice', textContent: reply.notice}),
    chips(say[reply.kind === 'clarify' ? 'reply.clarify' : 'reply.choices'], reply.choices, pick),
    ways(reply.handoff),
    helpful(reply));
}

// The conversation over one form: `log` grows, `status` says what goes on, the text stays until it got through.
function converse({form, input, log, status, country}) {
  const send = async (body, shown) => {
    status.textContent = say['widget.wait'];
    try {
      const reply = await post('/api/v1/chat', {
        ...body, conversation: token, partner: SETUP.partner, language: SETUP.language,
        country: (country && country.value) || SETUP.country,
      });
      token = reply.conversation;
      status.textContent = '';
      if (input.value.trim() === shown) input.value = '';
      log.append(el('p', {className: 'mine', textContent: `${say['log.you']}: ${shown}`}), turn(reply, pick));
      log.lastChild.scrollIntoView({block: 'nearest'});
    } catch (problem) {
      status.replaceChildren(
        el('p', {className: 'failed', textContent: say[problem.status === 429 ? 'widget.busy' : 'widget.failed']}),
        el('p', {textContent: SETUP.emergency.text}));
    }
  };
  const pick = (choice) => { input.focus(); send({choice: choice.entry}, choice.question); };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const chosen = event.submitter && event.submitter.name === 'choice' && event.submitter;
    const text = input.value.trim();
    if (chosen) pick({entry: chosen.value, question: chosen.textContent.trim()});
    else if (text) send({message: text}, text);
    input.focus();
  });
  return pick;
}

function enhancePage(form) {
  const log = el('div', {role: 'log', 'aria-label': say['log.label'], className: 'log'});
  const status = el('div', {role: 'status', className: 'status'});
  const before = document.getElementById('reply');
  before.after(log, status);
  token = form.elements.conversation.value || null;
  converse({form, input: form.elements.message, log, status, country: form.elements.country});
}

function mountWidget() {
  const host = el('aside', {className: 'nexgenesis-chat', 'aria-label': say['log.label']});
  const root = host.attachShadow({mode: 'open'});
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(SETUP.style + WIDGET_STYLE);
  root.adoptedStyleSheets = [sheet];
  const link = el('a', {
    href: `${SETUP.home}/?partner=${encodeURIComponent(SETUP.partner)}`, textContent: say['widget.launch'],
  });
  const input = el('input', {className: 'question', id: 'question', autocomplete: 'off', enterKeyHint: 'send'});
  const log = el('div', {role: 'log', 'aria-label': say['log.label'], className: 'log'});
  const status = el('div', {role: 'status', className: 'status'});
  const form = el('form', {className: 'ask'},
    el('label', {htmlFor: 'question', textContent: say['ask.label']}),
    el('div', {className: 'row'}, input, el('button', {className: 'send', textContent: say['ask.send']})));
  const close = () => { panel.hidden = true; link.focus(); };
  const panel = el('section', {
    className: 'chat panel', role: 'dialog', 'aria-label': say['widget.launch'], lang: SETUP.language, hidden: true,
    on: {keydown: (event) => event.key === 'Escape' && close()},
  },
  el('div', {className: 'head'},
    el('a', {className: 'call', href: link.href, textContent: say['widget.page']}),
    el('button', {type: 'button', textContent: say['widget.close'], on: {click: close}})),
  el('p', {className: 'notice', textContent: say['about.automated']}),
  log, status, form);
  const pick = converse({form, input, log, status});
  form.before(chips(say['examples.label'], SETUP.examples, pick));
  link.addEventListener('click', (event) => {
    event.preventDefault();
    panel.hidden = false;
    input.focus();
  });
  root.append(panel);
  host.append(link);
  root.append(el('slot'));
  document.body.append(host);
  host.style.cssText = 'all:initial!important;position:fixed!important;inset-block-end:16px!important;'
    + 'inset-inline-end:16px!important;z-index:2147483000!important;font-size:medium!important';
}

const WIDGET_STYLE = `
.panel{position:fixed;inset-block:0 0;inset-inline-end:0;inline-size:min(26em,100vw);max-block-size:100vh;overflow:auto;
padding:1em;border-inline-start:2px solid var(--line);margin:0}
.head{display:flex;justify-content:space-between;gap:8px;margin-block-end:1em}
.head .call{border-color:var(--accent);color:var(--accent);font-size:1em}
::slotted(a){display:inline-flex!important;align-items:center!important;min-block-size:52px!important;padding:0 20px!important;
background:#0a5660!important;color:#fff!important;font:600 17px/1.4 system-ui,sans-serif!important;border-radius:26px!important;
text-decoration:none!important;border:2px solid #fff!important}
::slotted(a:focus-visible){outline:3px solid #0a5660!important;outline-offset:3px!important}`;

const page = document.querySelector('form[data-chat]');
if (page) enhancePage(page); else mountWidget();
