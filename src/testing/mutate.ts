/**
 * Preloaded (`node --import`) to switch off a step of the product in one process: `ASSAY_MUTANT` is a JSON array of the
 * end of a module's path, text that must be in it, and what to put instead.
 */
import { registerHooks } from "node:module";

const [file, from, to]: string[] = JSON.parse(process.env["ASSAY_MUTANT"] ?? "[]");
if (file === undefined || from === undefined || to === undefined) throw new Error("ASSAY_MUTANT names no mutant");

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(file)) return loaded;
    const { source: bytes } = loaded;
    const source = typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes ?? new Uint8Array());
    if (!source.includes(from)) throw new Error(`${file} has no longer what the mutant changes: ${from}`);
    return { ...loaded, source: source.replace(from, () => to) };
  },
});
