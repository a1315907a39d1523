#!/bin/sh
# Makes src/byname/web/static/vendor again from npm: ECharts cut to the charts we draw, htmx and the font as they are.
# Needs node and npm; nobody needs it to run byname.
set -eu
vendor="$(cd "$(dirname "$0")/.." && pwd)/src/byname/web/static/vendor"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund htmx.org@4.0.1 echarts@6.1.0 @fontsource-variable/inter@5.3.0 esbuild@0.28.2
cat > charts.js <<'JS'
import * as echarts from "echarts/core";
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
echarts.use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);
export { init, getInstanceByDom } from "echarts/core";
JS
npx esbuild charts.js --bundle --minify --format=iife --global-name=echarts --legal-comments=none \
  --target=es2020 --outfile="$vendor/echarts.min.js"
cd node_modules
cp htmx.org/dist/htmx.min.js "$vendor/"
cp htmx.org/LICENSE "$vendor/htmx.LICENSE"
cp echarts/LICENSE "$vendor/echarts.LICENSE"
cp echarts/NOTICE "$vendor/echarts.NOTICE"
cp zrender/LICENSE "$vendor/zrender.LICENSE"
cp tslib/LICENSE.txt "$vendor/tslib.LICENSE"
cp @fontsource-variable/inter/files/inter-latin-wght-normal.woff2 "$vendor/inter.woff2"
cp @fontsource-variable/inter/LICENSE "$vendor/inter.LICENSE"
