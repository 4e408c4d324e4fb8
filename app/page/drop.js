// Files that are chosen or dropped, with their paths: a folder's files lie under its name.

/** Has `take` told what is dropped on an element: its files as `{path, file}`. */
export function dropOn(element, take) {
  let inside = 0; // an element within is entered before the one around it is left
  const over = change => element.classList.toggle("over", (inside += change) > 0);
  element.addEventListener("dragenter", event => { event.preventDefault(); over(1); });
  element.addEventListener("dragleave", () => over(-1));
  element.addEventListener("dragover", event => event.preventDefault());
  element.addEventListener("drop", async event => {
    event.preventDefault();
    over(-inside);
    // The items are gone once this turn has ended: all are asked for before any is waited for.
    const dropped = [...event.dataTransfer.items].filter(one => one.kind === "file")
      .map(one => [one.webkitGetAsEntry?.(), one.getAsFile()]);
    take((await Promise.all(dropped.map(([entry, file]) => (entry ? under(entry) : alone(file))))).flat());
  });
}

/** Returns the files of an input as `{path, file}`. */
export function chosen(input) {
  return [...input.files].map(file => ({ path: file.webkitRelativePath || file.name, file }));
}

async function alone(file) {
  return [{ path: file.name, file }];
}

async function under(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = entry.createReader();
  const found = [];
  for (let more = true; more;) { // a hundred at a time
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    for (const one of some) found.push(...await under(one));
    more = some.length > 0;
  }
  return found;
}
