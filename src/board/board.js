// The page is whole without this script. It adds two things: how old the page is now, and the filter.
"use strict";
(() => {
  const read = document.getElementById("read");
  const age = document.getElementById("age");
  const limit = Number(read.dataset.limit);

  function length(minutes) {
    if (minutes < 1) return "just now";
    if (minutes < 60) return `${Math.floor(minutes)} min ago`;
    if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`;
    return `${Math.floor(minutes / (24 * 60))} d ago`;
  }

  function showAge() {
    const minutes = (Date.now() - Date.parse(read.dataset.at)) / 60000;
    const old = minutes > limit;
    age.textContent = `, ${length(minutes)}${old ? ": out of date" : ""}`;
    read.classList.toggle("old", old);
  }

  showAge();
  setInterval(showAge, 30000);

  const filter = document.getElementById("filter");
  const input = document.getElementById("q");
  const found = document.getElementById("found");
  const rows = Array.from(document.querySelectorAll("[data-row]"));
  const groups = Array.from(document.querySelectorAll("[data-group]"));
  let texts = null;

  // What a row says, with the name of its pipeline and of its stages.
  function textOf(row) {
    const group = row.closest("[data-group]");
    const stages = Array.from(row.querySelectorAll("[data-s]"), (cell) => cell.dataset.s);
    return [group ? group.dataset.group : "", ...stages, row.textContent].join(" ").toLowerCase();
  }

  function showMatches() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    texts = texts || rows.map(textOf);
    let count = 0;
    rows.forEach((row, at) => {
      const matches = words.every((word) => texts[at].includes(word));
      row.hidden = !matches;
      count += matches ? 1 : 0;
    });
    for (const group of groups) {
      group.hidden = words.length > 0 && !group.querySelector("[data-row]:not([hidden])");
    }
    found.textContent = words.length ? `${count} of ${rows.length} rows` : "";
  }

  filter.hidden = false;
  document.documentElement.classList.add("scripted");
  input.addEventListener("input", showMatches);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      input.value = "";
      showMatches();
    }
  });
})();
