// The door of a partner's page: a link that opens a panel, or a frame.
const HOME = SETUP.home;
const SCRIPT = document.currentScript;

// Print the conversation alone, not the partner's page around it.
function print() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`@media print{body :not(:has(${NAME}),${NAME}){display:none!important}}`);
  document.adoptedStyleSheets.push(sheet);
  window.print();
  document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
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
    const pick = converse({form, input, log, box: this.panel, partner, tell: (name, detail) => this.tell(name, detail), print, close, page});
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

if (document.readyState === 'loading') addEventListener('DOMContentLoaded', mount);
else mount();
