// The request for a consultation, drawn from what the service says its fields are.
function consultation(facts, {origin, asked, status, fail, warn, leave, done}) {
  const {words} = facts;
  const fields = facts.fields.filter((one) => asked.length || !/summary/.test(one.name));
  const box = el('section.desk', {'aria-label': words.title});
  const more = el('details', {}, el('summary', {}, words.more));
  const made = {};
  let key;
  let sent;

  const draw = ({name, type, label, help, autocomplete, choices}) => {
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
    const input = el(type === 'textarea' ? type : 'input', {id, autocomplete, ...described});
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
      warn(answer.alert);
      return answer;
    } catch (error) {
      if (!error.errors?.length) return fail(error);
      warn(error.alert);
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
    done();
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
