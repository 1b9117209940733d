import * as v from "valibot";
import { route } from "../../shared/runtime/route.ts";

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>IntentVision: API reference</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <div id="reference"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script>
      SwaggerUIBundle({ url: "/api/v1/openapi.json", dom_id: "#reference", deepLinking: true, persistAuthorization: true });
    </script>
  </body>
</html>
`;

export const getReference = route({
  method: "GET",
  path: "/docs",
  summary: "The reference of this interface, to read and to try",
  scope: "none",
  input: v.strictObject({}),
  output: null,
  status: 200,
  problems: [],

  handle: async () => ({ contentType: "text/html; charset=utf-8", body: PAGE }),
});
