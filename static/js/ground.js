/** The layer "basemap": our own base map (basemap.js), in the language and direction of the page. */
import { register, rightToLeft, words } from './layers.js';

register('basemap', (map, { tiles, form, max_zoom: maxData }) => {
  const options = { url: tiles, kind: form, maxData, attribution: words.ground, language: document.documentElement.lang, isRightToLeft: rightToLeft };
  return L.baseMap(options).addTo(map);
});
