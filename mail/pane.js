"use strict";
// What a mail program shows beside a message: who wrote it, and a button that archives it. Whatever a message or a
// record says is put there as text, never as HTML.

const kept = "daybook.token";
const part = (id) => document.getElementById(id);
const say = (text) => { part("said").textContent = text; };

async function ask(path, body) {
  const token = localStorage.getItem(kept);
  const headers = token ? { Authorization: "Bearer " + token } : {};
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch("/api/v1" + path, {
    method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body),
  });
  const said = answer.status === 204 ? {} : await answer.json();
  if (answer.status === 401) showLogin();
  if (!answer.ok) throw new Error(said.detail);
  return said;
}

function showLogin() {
  localStorage.removeItem(kept);
  part("view").hidden = true;
  part("login").hidden = false;
}

function list(title, lines) {
  if (lines.length === 0) return;
  const heading = document.createElement("h2");
  heading.textContent = title;
  const items = document.createElement("ul");
  for (const line of lines) {
    const item = document.createElement("li");
    item.textContent = line.filter(Boolean).join(", ");
    items.append(item);
  }
  part("found").append(heading, items);
}

async function show() {
  const item = Office.context.mailbox.item;
  part("login").hidden = true;
  part("view").hidden = false;
  part("who").textContent = item.from.displayName || item.from.emailAddress;
  part("found").replaceChildren();
  const found = await ask("/lookup?email=" + encodeURIComponent(item.from.emailAddress));
  list("One of us", found.members.map((one) => [one.name, one.title]));
  list("Contact", found.contacts.map((one) => [one.name, one.title, one.phone]));
  list("Lead", found.leads.map((one) => [one.name, one.company, one.status]));
  list("Account", found.account ? [[found.account.name, found.account.industry]] : []);
  list("Looked after by", found.owner ? [[found.owner.name]] : []);
  list("Open deals", found.deals.map((one) => [one.title, one.stage_name]));
  list("Last", found.interactions.map((one) => [(one.occurred_at || "").slice(0, 10), one.title || one.kind]));
  list("To be done", found.tasks.map((one) => [one.title, one.due_on]));
  if (!part("found").hasChildNodes()) say("Nobody here has this address.");
}

function whole(item) {
  return new Promise((done, failed) => item.getAsFileAsync((result) => {
    if (result.status === Office.AsyncResultStatus.Succeeded) done(result.value);
    else failed(new Error(result.error.message));
  }));
}

async function archive() {
  const archived = await ask("/emails/archive", { base64: await whole(Office.context.mailbox.item) });
  say(archived.warnings.some((one) => one.code === "email.archived_already") ? "It was archived before." : "Archived.");
}

async function logIn() {
  const session = await ask("/auth/login", { email: part("email").value, password: part("password").value });
  localStorage.setItem(kept, session.token);
  part("password").value = "";
  await show();
}

async function logOut() {
  await ask("/auth/logout", {});
  showLogin();
}

function run(work) {
  say("");
  work().catch((problem) => say(problem.message));
}

Office.onReady(() => {
  part("login").addEventListener("submit", (event) => { event.preventDefault(); run(logIn); });
  part("archive").addEventListener("click", () => run(archive));
  part("logout").addEventListener("click", () => run(logOut));
  // Before that, a mail program does not give away a message as it was sent.
  part("archive").hidden = !Office.context.requirements.isSetSupported("Mailbox", "1.14");
  if (localStorage.getItem(kept)) run(show); else showLogin();
});
