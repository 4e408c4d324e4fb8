// What jobs name by ids, by the names that their owners gave them.

import { get } from "./api.js";

const known = new Map(); // by id

/** Learns the names of the uploads in requests; what is not there any more keeps its id. */
export async function learn(requests) {
  const ids = new Map(requests.flatMap(({ teacher, dataset }) => [[teacher.id, "teachers"], [dataset.id, "datasets"]]));
  const unknown = [...ids].filter(([id]) => id && !known.has(id));
  await Promise.all(unknown.map(async ([id, kind]) => {
    try {
      known.set(id, (await get(`v1/${kind}/${id}`)).name);
    } catch (error) {
      if (error.status === 404) known.set(id, id);
    }
  }));
}

/** Returns what a request compresses on what. */
export function titleOf({ teacher, dataset }) {
  const called = (name, id) => name ?? known.get(id) ?? id;
  return `${called(teacher.network, teacher.id)} on ${called(dataset.name, dataset.id)}`;
}
