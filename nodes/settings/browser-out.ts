// The settings of a browser out node: none besides its name.

import { table } from "./table";

export const browserOut = table({});
