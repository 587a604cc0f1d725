// The door of our own page: its form works without this script, and is enhanced by it.
const HOME = '';
const FORM = document.getElementById('ask');

function enhancePage() {
  const {message: input, country} = FORM.elements;
  const log = makeLog();
  const picks = document.getElementById('pick');
  const framed = parent !== window;
  const tell = (event, detail) => framed && parent.postMessage({[NAME]: event, detail}, '*');
  document.getElementById('reply').after(log);
  document.getElementById('tools')?.remove();
  const pick = converse({form: FORM, input, log, box: document.body, partner: SETUP.partner, country, tell, print: () => window.print()});
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

enhancePage();
