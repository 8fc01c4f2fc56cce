/** q.<module>(.<part>)+.v<N> */
export const TOPIC = /^q\.[a-z0-9]+(\.[a-z0-9]+)+\.v[1-9][0-9]*$/;
