(function () {
  'use strict';
  const D = JSON.parse(document.getElementById('data').textContent);
  const $ = (id) => document.getElementById(id);
  const esc = (t) => String(t).replace(/[&<>"']/g, (c) => '&#' + c.charCodeAt(0) + ';');
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const byName = new Map(D.layers.map((l) => [l.n, l]));
  const byValue = new Map(D.tensors.map((t) => [t.v, t]));
  const num = (x, d) => (x === null || x === undefined ? '–' : Math.abs(x) >= 1e5 || (x !== 0 && Math.abs(x) < 1e-3) ? x.toExponential(2) : (+x.toFixed(d === undefined ? 3 : d)).toString());
  const dB = (x) => (x === null || x === undefined ? '–' : x >= 98 ? 'exact' : x.toFixed(1));
  const pct = (x) => (x === null || x === undefined ? '–' : (100 * x).toFixed(x < 0.001 && x > 0 ? 3 : 1) + ' %');
  const maxShare = Math.max(1e-9, ...D.layers.map((l) => l.share || 0));

  /* Tabs */
  const tabs = [...document.querySelectorAll('nav [role=tab]')];
  const opened = {};
  function show(id) {
    tabs.forEach((t) => {
      const on = t.dataset.tab === id;
      t.setAttribute('aria-selected', on);
      t.tabIndex = on ? 0 : -1;
      $(t.dataset.tab).hidden = !on;
    });
    if (!opened[id]) {
      opened[id] = true;
      if (id === 'layers') layers();
      if (id === 'tensors') tensors();
      if (id === 'network') network();
    }
    document.body.dataset.tab = id;
  }
  tabs.forEach((t, i) => {
    t.addEventListener('click', () => show(t.dataset.tab));
    t.addEventListener('keydown', (e) => {
      const to = e.key === 'ArrowRight' ? tabs[(i + 1) % tabs.length] : e.key === 'ArrowLeft' ? tabs[(i + tabs.length - 1) % tabs.length] : null;
      if (to) { to.focus(); show(to.dataset.tab); }
    });
  });
  function theme() {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
    if (cy) paint();
  }
  $('theme').addEventListener('click', theme);
  document.addEventListener('keydown', (e) => {
    if (/INPUT|SELECT|TEXTAREA/.test(e.target.tagName)) { if (e.key === 'Escape') e.target.blur(); return; }
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === 'Escape') closeDetail();
    else if (e.key === 'd') theme();
    else if (e.key === '/') { const s = document.querySelector('section:not([hidden]) input[type=search]'); if (s) { e.preventDefault(); s.focus(); } }
    else if (e.key >= '1' && e.key <= String(tabs.length)) show(tabs[e.key - 1].dataset.tab);
  });
  document.querySelectorAll('.copy').forEach((c) => {
    const copy = () => { if (navigator.clipboard) navigator.clipboard.writeText(c.textContent).catch(() => {}); };
    c.addEventListener('click', copy);
    c.addEventListener('keydown', (e) => { if (e.key === 'Enter') copy(); });
  });

  /* Tables */
  const chip = (l) => `<span class="chip ${l.s}">${esc(l.label)}</span>`;
  const bar = (share) => share === null || share === undefined ? '–' : `<span class="bar"><i style="width:${Math.min(100, 100 * share / maxShare).toFixed(1)}%"></i></span>${pct(share)}`;
  const kinds = (t) => (t.kinds || []).map((k) => `<span class="kind">${esc(k)}</span>`).join('');
  function table(section, columns, data, placeholder, open, filterKeys, choices) {
    const host = $(section);
    host.innerHTML = `<div class="tools"><input type="search" placeholder="${placeholder}" aria-label="${placeholder}">${choices ? '<select aria-label="which">' + choices.map((c) => `<option value="${c[0]}">${c[1]}</option>`).join('') + '</select>' : ''}<span class="count"></span></div><div class="grid"></div>`;
    const grid = new Tabulator(host.querySelector('.grid'), {
      data, columns, layout: 'fitColumns', height: 'calc(100vh - 10rem)', index: 'id', selectableRows: false, placeholder: 'Nothing matches', columnDefaults: { headerTooltip: true, tooltip: false },
    });
    const search = host.querySelector('input'), choice = host.querySelector('select'), count = host.querySelector('.count');
    const apply = () => {
      const q = search.value.trim().toLowerCase(), c = choice ? choice.value : '';
      grid.setFilter((r) => (!c || r.group === c) && (!q || filterKeys.some((k) => String(r[k] || '').toLowerCase().includes(q))));
    };
    search.addEventListener('input', apply);
    if (choice) choice.addEventListener('change', apply);
    grid.on('dataFiltered', (f, rows) => { count.textContent = rows.length + ' of ' + data.length; });
    grid.on('rowClick', (e, row) => open(row.getData()));
    return grid;
  }
  const numeric = { hozAlign: 'right', headerHozAlign: 'right', sorter: (a, b) => (a === null || a === undefined ? -Infinity : a) - (b === null || b === undefined ? -Infinity : b) };
  function layers() {
    const columns = [
      { title: '#', field: 'id', width: 60, ...numeric },
      { title: 'layer', field: 'n', minWidth: 180, widthGrow: 3, formatter: (c) => `<code>${esc(c.getValue())}</code>` },
      { title: 'operator', field: 't', width: 150, formatter: (c) => esc(c.getValue()) },
      { title: 'runs in', field: 'label', width: 105, formatter: (c) => chip(c.getData()) },
      { title: 'share of the error', field: 'share', width: 178, ...numeric, hozAlign: 'left', formatter: (c) => bar(c.getValue()), headerTooltip: 'of the errors that all layers make at the outputs when each alone is quantized' },
      { title: 'alone, dB', field: 'alone', width: 110, ...numeric, formatter: (c) => dB(c.getValue()), headerTooltip: 'signal to noise of the outputs when only this layer is quantized; low is bad' },
      { title: 'in float gains, dB', field: 'gain', width: 150, ...numeric, formatter: (c) => c.getValue() === null || c.getValue() === undefined ? '–' : (c.getValue() > 0 ? '+' : '') + c.getValue().toFixed(2), headerTooltip: 'what the outputs gain when this layer\'s own error is taken off theirs' },
      { title: 'own output, dB', field: 'own', width: 150, ...numeric, formatter: (c) => dB(c.getValue()), headerTooltip: "error at this layer's output, accumulated from the inputs on" },
      { title: 'why', field: 'why', minWidth: 160, widthGrow: 2, formatter: (c) => esc(c.getValue() || '') },
    ];
    if (!D.layers.some((l) => l.gain !== undefined)) columns.splice(6, 1);
    table('layers', columns, D.layers, 'Search layer, operator, reason  ( / )', layer, ['n', 't', 'label', 'why'], [['', 'all nodes'], ['q', 'quantized'], ['f', 'float'], ['s', 'shapes']]);
  }
  function tensors() {
    const columns = [
      { title: 'tensor', field: 'v', minWidth: 180, widthGrow: 3, formatter: (c) => `<code>${esc(c.getValue())}</code>` },
      { title: 'of', field: 'n', minWidth: 110, widthGrow: 1, formatter: (c) => esc(c.getValue()) },
      { title: 'bits', field: 'bits', width: 70, ...numeric },
      { title: 'share of the error', field: 'share', width: 178, ...numeric, hozAlign: 'left', formatter: (c) => bar(c.getValue()) },
      { title: 'alone, dB', field: 'alone', width: 105, ...numeric, formatter: (c) => dB(c.getValue()) },
      { title: 'in float gains, dB', field: 'gain', width: 145, ...numeric, formatter: (c) => num(c.getValue(), 2) },
      { title: 'itself, dB', field: 'snr', width: 105, ...numeric, formatter: (c) => dB(c.getValue()), headerTooltip: 'signal to noise of this tensor when it alone is quantized' },
      { title: 'range', field: 'range', width: 135, headerSort: false, formatter: (c) => { const t = c.getData(); return num(t.lo, 2) + ' … ' + num(t.hi, 2); } },
      { title: 'seen', field: 'seen', width: 135, headerSort: false, formatter: (c) => { const t = c.getData(); return num(t.min, 2) + ' … ' + num(t.max, 2); } },
      { title: 'clipped', field: 'clip', width: 95, ...numeric, formatter: (c) => pct(c.getValue()) },
      { title: 'observer', field: 'obs', width: 110, formatter: (c) => esc(c.getValue() || '') },
      { title: 'what is wrong', field: 'kindText', minWidth: 190, widthGrow: 2, formatter: (c) => kinds(c.getData()) },
    ].filter((c) => !['share', 'alone', 'gain'].includes(c.field) || D.tensors.some((t) => t[c.field] !== undefined));
    table('tensors', columns, D.tensors, 'Search tensor, layer, trouble  ( / )', tensor, ['v', 'n', 'obs', 'kindText'], [['', 'all tensors'], ['a', 'activations'], ['w', 'weights']]);
  }

  /* Details */
  let before = null;
  function openDetail(html) {
    before = document.activeElement;
    const d = $('detail');
    d.innerHTML = '<button class="close" aria-label="close (Esc)" title="Esc">×</button>' + html;
    d.hidden = false;
    d.scrollTop = 0;
    d.querySelector('.close').addEventListener('click', closeDetail);
    d.querySelectorAll('[data-layer]').forEach((a) => a.addEventListener('click', (e) => { e.preventDefault(); layer(byName.get(a.dataset.layer)); }));
    d.querySelectorAll('[data-value]').forEach((a) => a.addEventListener('click', (e) => { e.preventDefault(); tensor(byValue.get(a.dataset.value)); }));
    d.querySelectorAll('[data-plot]').forEach((p) => plot(p, byValue.get(p.dataset.plot)));
    d.querySelector('.close').focus();
  }
  function closeDetail() { $('detail').hidden = true; $('detail').innerHTML = ''; if (before && before.focus) before.focus(); }
  const row = (k, v) => (v === undefined || v === null || v === '' ? '' : `<dt>${k}</dt><dd>${v}</dd>`);
  function layer(l) {
    if (!l) return;
    const mine = D.tensors.filter((t) => t.n === l.n || (l.ins || []).includes(t.v));
    openDetail(`<h2>${esc(l.n)}</h2><p>${chip(l)} ${esc(l.t)} ${l.why ? '· ' + esc(l.why) : ''}</p><dl>`
      + row('share of the error', l.share === undefined ? '' : pct(l.share)) + row('outputs, only this quantized', l.alone === undefined ? '' : dB(l.alone) + ' dB')
      + row('in float it gains', l.gain === undefined ? '' : num(l.gain, 2) + ' dB') + row('own output, accumulated', l.own === undefined ? '' : dB(l.own) + ' dB')
      + row('reads', (l.ins || []).map((v) => link(v)).join(', ')) + row('gives', (l.outs || []).map((v) => link(v)).join(', ')) + '</dl>'
      + mine.map((t) => `<h3>${link(t.v)} ${kinds(t)}</h3>${facts(t)}<div data-plot="${esc(t.v)}"></div>`).join('') + life(l.n));
  }
  const link = (v) => (byValue.has(v) ? `<a href="#" data-value="${esc(v)}"><code>${esc(v)}</code></a>` : `<code>${esc(v)}</code>`);
  const facts = (t) => '<dl>' + row('encoding', esc(t.scheme)) + row('range of the codes', num(t.lo) + ' … ' + num(t.hi)) + row('seen', num(t.min) + ' … ' + num(t.max)) + row('itself', dB(t.snr) + ' dB')
    + row('clipped', pct(t.clip) + (t.clipn > 0.005 ? ', ' + pct(t.clipn) + ' of its noise' : '')) + row('zeros', pct(t.zero)) + row('largest value in', t.widest === undefined ? '' : 'sample ' + t.widest) + row('observer', esc(t.obs || '')) + '</dl>';
  function tensor(t) {
    if (!t) return;
    openDetail(`<h2>${esc(t.v)}</h2><p>${t.group === 'w' ? 'weight of' : 'computed by'} ${byName.has(t.n) ? `<a href="#" data-layer="${esc(t.n)}"><code>${esc(t.n)}</code></a>` : esc(t.n)} ${kinds(t)}</p><dl>`
      + row('share of the error', t.share === undefined ? '' : pct(t.share)) + row('outputs, only this quantized', t.alone === undefined ? '' : dB(t.alone) + ' dB') + row('in float it gains', t.gain === undefined ? '' : num(t.gain, 2) + ' dB') + '</dl>' + facts(t)
      + `<div data-plot="${esc(t.v)}"></div>` + life(t.n, t.v));
  }
  function life(node, value) {
    const rows = (D.life[node] || []).filter((e) => !value || e[1] === D.names.indexOf(value));
    return rows.length ? '<h3>Life of its configs</h3><table class="life">' + rows.map((e) => `<tr><td><code>${esc(e[0])}</code></td><td>${esc(D.words[e[2]])} → ${esc(D.words[e[3]])}</td><td>${esc(D.words[e[4]])}${e[5] >= 0 && D.words[e[5]] ? ': ' + esc(D.words[e[5]]) : ''}</td></tr>`).join('') + '</table>' : '';
  }

  /* Plots */
  function plot(host, t) {
    if (!t || !t.h) return;
    const w = Math.min(560, host.clientWidth || 560), [lo, hi, counts] = t.h, step = (hi - lo) / counts.length;
    const xs = counts.map((_, i) => lo + (i + 0.5) * step);
    const inside = counts.map((c, i) => (lo + (i + 1) * step < t.lo || lo + i * step > t.hi ? null : c || null));
    const out = counts.map((c, i) => (inside[i] === null ? c || null : null));
    const axis = () => ({ stroke: css('--soft'), grid: { stroke: css('--line'), width: 1 }, ticks: { stroke: css('--line') } });
    const lines = (u) => {
      const c = u.ctx;
      c.save(); c.strokeStyle = css('--poor'); c.setLineDash([6, 4]); c.lineWidth = 1.5;
      [t.lo, t.hi].forEach((v) => { const x = u.valToPos(v, 'x', true); if (x >= u.bbox.left - 1 && x <= u.bbox.left + u.bbox.width + 1) { c.beginPath(); c.moveTo(x, u.bbox.top); c.lineTo(x, u.bbox.top + u.bbox.height); c.stroke(); } });
      c.restore();
    };
    const bars = uPlot.paths.bars({ size: [0.95, 40], align: 0 });
    const flat = { show: false };
    new uPlot({ width: w, height: 150, legend: { show: false }, cursor: flat, scales: { x: { time: false, range: [lo, hi] }, y: { distr: 3, log: 10 } },
      series: [{}, { paths: bars, fill: css('--int8'), stroke: css('--int8'), points: flat }, { paths: bars, fill: css('--poor'), stroke: css('--poor'), points: flat }],
      axes: [axis(), { ...axis(), size: 58, grid: flat, ticks: flat, values: (u, s) => s.map((v) => (v === null ? '' : v >= 1e4 ? v.toExponential(0) : v)) }], hooks: { draw: [lines] } }, [xs, inside, out], host);
    if (t.cmin) {
      const title = document.createElement('div');
      title.textContent = t.cmin.length + ' channels, smallest to largest value of each; dashed: range of the codes';
      title.style.cssText = 'color:var(--soft);font-size:.82rem';
      host.append(title);
      const band = (u) => { const c = u.ctx; c.save(); c.strokeStyle = css('--poor'); c.setLineDash([6, 4]); [t.lo, t.hi].forEach((v) => { const y = u.valToPos(v, 'y', true); if (y >= u.bbox.top && y <= u.bbox.top + u.bbox.height) { c.beginPath(); c.moveTo(u.bbox.left, y); c.lineTo(u.bbox.left + u.bbox.width, y); c.stroke(); } }); c.restore(); };
      new uPlot({ width: w, height: 130, legend: { show: false }, cursor: flat, scales: { x: { time: false } }, series: [{}, { stroke: css('--int8'), paths: uPlot.paths.stepped({ align: 1 }), points: flat }, { stroke: css('--int8'), paths: uPlot.paths.stepped({ align: 1 }), points: flat }], bands: [{ series: [2, 1], fill: css('--int8') + '55' }], axes: [{ ...axis(), incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] }, { ...axis(), size: 58 }], hooks: { draw: [band] } },
        [t.cmin.map((_, i) => i), t.cmin, t.cmax], host);
    }
  }

  /* The network */
  let cy = null;
  const isDark = () => (document.documentElement.dataset.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  const ramp = (x) => { const p = Math.max(0, Math.min(1, x)); return isDark() ? `hsl(${Math.round(45 - 45 * p)},${Math.round(30 + 45 * p)}%,${Math.round(24 + 20 * p)}%)` : `hsl(${Math.round(48 - 44 * p)},${Math.round(70 + 10 * p)}%,${Math.round(92 - 30 * p)}%)`; };
  function colour(l) {
    const by = $('colour').value;
    if (by === 'state') return css('--' + (l.s === 'moves' ? 'int8' : l.s));
    if (l.share === undefined) return css('--line');
    return ramp(Math.sqrt(l.share / maxShare));
  }
  function paint() {
    cy.batch(() => cy.nodes().forEach((n) => { n.style('background-color', colour(D.layers[n.data('at')])); }));
    cy.style().selector('node').style('color', css('--fg')).selector('edge').style({ 'line-color': css('--soft'), 'target-arrow-color': css('--soft') }).update();
  }
  function network() {
    $('network').innerHTML = `<div class="tools"><input type="search" placeholder="Find a layer, Enter  ( / )" aria-label="Find a layer"><label>colour by <select id="colour"><option value="error">share of the error</option><option value="state">what it runs in</option></select></label><button id="fit">whole network</button><button id="worstnode">worst layer</button><span class="legend"></span></div><div id="graph" role="img" aria-label="The network; the table of layers holds the same"></div>`;
    /* Rows are levels of the longest path; a node stands under the middle of what it reads, where there is room. */
    const level = new Array(D.layers.length).fill(0), ins = D.layers.map(() => []), outs = D.layers.map(() => []);
    D.edges.forEach(([a, b]) => { ins[b].push(a); outs[a].push(b); });
    for (let i = 0; i < level.length; i++) ins[i].forEach((a) => { level[i] = Math.max(level[i], level[a] + 1); });
    for (let i = level.length - 1; i >= 0; i--) if (!ins[i].length && outs[i].length) level[i] = Math.min(...outs[i].map((o) => level[o])) - 1;
    const column = new Array(level.length).fill(0), taken = new Map();
    const pass = new Set();
    D.edges.forEach(([a, b]) => { if (level[b] - level[a] > 1) for (let r = level[a] + 1; r < level[b]; r++) pass.add(r); });
    level.forEach((r, i) => {
      const want = ins[i].length ? Math.min(...ins[i].map((a) => column[a])) : 0;
      const used = taken.get(r) || taken.set(r, new Set()).get(r);
      let c = Math.max(0, Math.round(want)), d = 0;
      while (used.has(c + d)) d = d > 0 ? (c - d >= 0 ? -d : d + 1) : -d + 1;
      used.add(c + d);
      column[i] = c + d;
    });
    const many = D.layers.length > 1200;
    cy = cytoscape({
      container: $('graph'), minZoom: 0.02, maxZoom: 3, textureOnViewport: many, hideEdgesOnViewport: many,
      elements: { nodes: D.layers.map((l, i) => ({ data: { id: 'n' + i, at: i, label: l.t + '\n' + (l.n.length > 26 ? '…' + l.n.slice(-25) : l.n) }, position: { x: column[i] * 210, y: level[i] * 74 } })), edges: D.edges.map(([a, b], i) => ({ data: { id: 'e' + i, source: 'n' + a, target: 'n' + b } })) },
      layout: { name: 'preset', fit: false },
      style: [
        { selector: 'node', style: { shape: 'round-rectangle', width: 180, height: 44, label: 'data(label)', 'text-wrap': 'wrap', 'text-valign': 'center', 'font-size': 12, color: css('--fg'), 'min-zoomed-font-size': 6 } },
        { selector: 'edge', style: { width: 1.5, 'curve-style': many ? 'haystack' : 'bezier', 'line-color': css('--soft'), 'target-arrow-color': css('--soft'), 'target-arrow-shape': 'triangle', 'arrow-scale': 0.8 } },
        { selector: ':selected', style: { 'border-width': 3, 'border-color': css('--accent') } },
      ],
    });
    window.detentGraph = cy;
    const legend = () => { document.querySelector('#network .legend').innerHTML = $('colour').value === 'state' ? D.legend.map(([s, t]) => `<i style="background:var(--${s})"></i>${esc(t)}`).join('') : `<i style="background:${ramp(0)}"></i>none<i style="background:${ramp(0.5)}"></i><i style="background:${ramp(1)}"></i>${pct(maxShare)} of the error`; };
    if (!D.layers.some((l) => l.share !== undefined)) $('colour').value = 'state';
    const top = () => { cy.zoom(Math.min(1, $('graph').clientWidth / 700)); cy.center(cy.nodes()[0]); cy.panBy({ x: 0, y: -$('graph').clientHeight / 2 + 60 }); };
    cy.on('tap', 'node', (e) => layer(D.layers[e.target.data('at')]));
    $('colour').addEventListener('change', () => { paint(); legend(); });
    $('fit').addEventListener('click', () => cy.fit(undefined, 20));
    const go = (i) => { if (i < 0) return; cy.nodes().unselect(); const n = cy.getElementById('n' + i); n.select(); cy.zoom(1); cy.center(n); };
    $('worstnode').addEventListener('click', () => go(D.layers.reduce((m, l, i) => ((l.share || 0) > (m < 0 ? 0 : D.layers[m].share || 0) ? i : m), -1)));
    document.querySelector('#network input').addEventListener('keydown', (e) => { if (e.key === 'Enter') { const q = e.target.value.toLowerCase(); go(D.layers.findIndex((l) => l.n.toLowerCase().includes(q) || (l.outs || []).some((o) => o.toLowerCase() === q))); } });
    paint(); legend(); top();
  }

  /* Overview: the worst */
  const worst = D.layers.filter((l) => l.share !== undefined).sort((a, b) => (b.gain !== undefined ? b.gain - a.gain : b.share - a.share)).slice(0, 10);
  if (worst.length) {
    $('worst').innerHTML = '<h2>Where the error comes from</h2><table class="plain"><caption>' + esc(D.basis) + '</caption><thead><tr><th scope="col">layer</th><th scope="col">operator</th><th scope="col">share of the error</th><th scope="col">outputs, only this quantized</th>' + (worst[0].gain !== undefined ? '<th scope="col">in float gains</th>' : '') + '</tr></thead><tbody>'
      + worst.map((l) => `<tr><td><a href="#" data-open="${esc(l.n)}"><code>${esc(l.n)}</code></a></td><td>${esc(l.t)}</td><td>${bar(l.share)}</td><td>${dB(l.alone)} dB</td>${l.gain !== undefined ? '<td>' + l.gain.toFixed(2) + ' dB</td>' : ''}</tr>`).join('') + '</tbody></table>';
    $('worst').querySelectorAll('[data-open]').forEach((a) => a.addEventListener('click', (e) => { e.preventDefault(); layer(byName.get(a.dataset.open)); }));
  }
  show('overview');
  const asked = decodeURIComponent(location.hash.slice(1));
  if (asked && $(asked) && tabs.some((t) => t.dataset.tab === asked)) show(asked);
  else if (byName.has(asked)) layer(byName.get(asked));
  else if (byValue.has(asked)) tensor(byValue.get(asked));
  addEventListener('beforeprint', () => { ['layers', 'tensors'].forEach((id) => { if (!opened[id]) { $(id).hidden = false; opened[id] = true; id === 'layers' ? layers() : tensors(); } }); });
})();
