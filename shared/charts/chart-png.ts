import { Resvg } from "@resvg/resvg-js";
import { createRequire } from "node:module";

/** Pixels for each CSS pixel: what screens that are looked at closely have. */
const DENSITY = 2;
const FAMILY = "DejaVu Sans";

const { resolve } = createRequire(import.meta.url);
const FONT_FILES = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) => resolve(`dejavu-fonts-ttf/ttf/${file}`));

/** Paints an SVG, with fonts of our own: servers have none. @throws Error when it is no SVG. */
export function svgToPng(svg: string): Uint8Array {
  const font = { fontFiles: FONT_FILES, loadSystemFonts: false, defaultFontFamily: FAMILY, sansSerifFamily: FAMILY };
  return new Resvg(svg, { fitTo: { mode: "zoom", value: DENSITY }, font, background: "white" }).render().asPng();
}
