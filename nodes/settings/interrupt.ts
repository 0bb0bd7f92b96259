// The settings of an interrupt node: there are none.

import { table } from "./table";

export const interrupt = table({});
