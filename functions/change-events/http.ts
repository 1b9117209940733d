import { http } from "../../shared/runtime/route.ts";
import { createChangeEvent } from "./create.ts";
import { deleteChangeEvent } from "./delete.ts";
import { getChangeEvent } from "./get.ts";
import { listChangeEvents } from "./list.ts";

export default http([createChangeEvent, listChangeEvents, getChangeEvent, deleteChangeEvent]);
