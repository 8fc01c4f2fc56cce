import { build, findPlace, isThere } from './build.ts';

/** Builds the addon for those who come later; what goes wrong is kept where they look. */
const place = await findPlace(process.argv[2]);
if (typeof place !== 'string' && !(await isThere(place.addon)) && !(await isThere(place.failure)))
  await build(place);
