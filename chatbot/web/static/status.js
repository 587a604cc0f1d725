// Sends the code after the # of a status link as a form, so that it reaches no address and no log.
const form = document.getElementById('status-form');
const token = location.hash.slice(1);
if (form && token) {
  history.replaceState(null, '', location.pathname);
  form.elements.token.value = token;
  form.querySelector('button').click();
}
