document.addEventListener("DOMContentLoaded", () => {
  // The style sheet shows the heading of a column in front of its cells on narrow screens.
  for (const table of document.querySelectorAll("table.docutils")) {
    const cells = [...table.querySelectorAll("thead th")];
    // "Use…" is written "Use:" in front of a cell.
    const headings = cells.map((cell) => cell.textContent.trim().replace(/…$/, ""));
    for (const row of table.querySelectorAll("tbody tr")) {
      [...row.cells].forEach((cell, column) => {
        if (headings[column] && cell.textContent.trim()) cell.dataset.heading = headings[column];
      });
    }
  }

  // A telephone has room for about 35 characters on a line.
  for (const word of document.querySelectorAll("code.literal .pre")) {
    if (word.textContent.length <= 30) word.classList.add("short");
  }
});
