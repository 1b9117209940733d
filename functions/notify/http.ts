import { http } from "../../shared/runtime/route.ts";
import { getDelivery } from "./get-delivery.ts";
import { listDeliveries } from "./list-deliveries.ts";
import { listInbox } from "./list-inbox.ts";
import { markInbox, markMessage } from "./mark-inbox.ts";
import { replayDelivery } from "./replay-delivery.ts";

export default http([listDeliveries, getDelivery, replayDelivery, listInbox, markInbox, markMessage]);
