import { http } from "../../shared/runtime/route.ts";
import { compareChannel } from "./compare.ts";
import { createChannel } from "./create.ts";
import { deleteChannel } from "./delete.ts";
import { getChannel } from "./get.ts";
import { listChannelVersions } from "./versions.ts";
import { listChannels } from "./list.ts";
import { patchChannel } from "./patch.ts";
import { replaceChannel } from "./replace.ts";
import { testChannel } from "./test-message.ts";

export default http([
  createChannel,
  listChannels,
  getChannel,
  replaceChannel,
  patchChannel,
  compareChannel,
  deleteChannel,
  testChannel,
  listChannelVersions,
]);
