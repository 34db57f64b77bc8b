/**
 * @module
 * The API's reference for a browser: one page that renders `/api/openapi.json` and loads nothing else.
 */
const STYLE = `
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}
code,pre{font:.875em ui-monospace,monospace}pre{overflow:auto;padding:.75rem;background:#8881;border-radius:.4rem}
details{border:1px solid #8884;border-radius:.4rem;margin:.4rem 0;padding:.4rem .75rem}summary{cursor:pointer}
summary b{display:inline-block;min-width:4.5rem;text-transform:uppercase}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.2rem .75rem .2rem 0;vertical-align:top;border-bottom:1px solid #8883}h4{margin:.75rem 0 .25rem}`

const SCRIPT = `
const make=(name,text='',...children)=>{const e=document.createElement(name);e.textContent=text;e.append(...children);return e}
const typeOf=(s)=>{if(!s)return '';if(s.$ref)return s.$ref.split('/').pop();const any=s.anyOf||s.oneOf
if(any)return any.map(typeOf).join(' | ');if(s.enum)return s.enum.map((x)=>JSON.stringify(x)).join(' | ')
if('const' in s)return JSON.stringify(s.const);if(s.type==='array')return typeOf(s.items)+'[]';return s.type||'any'}
const bounds=(s)=>['default','minLength','maxLength','minimum','maximum','minItems','maxItems','pattern','format']
.filter((k)=>k in s).map((k)=>k+' '+JSON.stringify(s[k])).join(', ')
const rows=(schema,prefix='',depth=0)=>{const any=schema.anyOf&&schema.anyOf.find((s)=>s.properties)
const s=schema.type==='array'&&schema.items?schema.items:any||schema
return Object.entries(s.properties||{}).flatMap(([name,p])=>[[prefix+name+((s.required||[]).includes(name)?' *':''),typeOf(p),bounds(p)],
...(depth<2?rows(p,prefix+name+(p.type==='array'?'[].':'.'),depth+1):[])])}
const table=(lines)=>{const t=make('table');for(const cells of lines){const r=make('tr');cells.forEach((c,i)=>{const d=make('td');
d.append(i<2?make('code',c):c);r.append(d)});t.append(r)}return t}
const paragraph=(text)=>{const p=make('p');text.split('\`').forEach((part,i)=>p.append(i%2?make('code',part):part));return p}
fetch('openapi.json').then((r)=>r.json()).then((api)=>{const main=document.querySelector('main')
main.replaceChildren(make('h1',api.info.title+' API'),paragraph(api.info.description))
const pre=make('pre','curl -H "Authorization: Bearer lk_..." '+api.servers[0].url+'/links');main.append(pre)
let tag;for(const [path,methods] of Object.entries(api.paths))for(const [method,o] of Object.entries(methods)){
if(o.tags[0]!==tag)main.append(make('h2',tag=o.tags[0]))
const d=make('details'),s=make('summary');s.append(make('b',method),make('code',path),' '+o.summary);d.append(s,paragraph(o.description))
if(o.parameters.length)d.append(make('h4','Parameters'),table(o.parameters.map((p)=>[p.name+(p.required?' *':''),typeOf(p.schema),p.in+' '+bounds(p.schema)])))
const body=o.requestBody&&o.requestBody.content['application/json'].schema
if(body)d.append(make('h4','Body'),table(rows(body)))
for(const [status,r] of Object.entries(o.responses)){const j=r.content&&r.content['application/json']
if(j)d.append(make('h4','Response '+status),table(rows(j.schema)))}
d.append(make('h4','Statuses'),make('code',Object.keys(o.responses).join(' ')));main.append(d)}})
.catch((e)=>{document.querySelector('main').textContent='Could not load openapi.json: '+e})`

/** @param nonce must stand in the policy too. */
export function docsPage(nonce: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>linkr API</title><style nonce="${nonce}">${STYLE}</style><main>Loading the reference…</main>
<script nonce="${nonce}">${SCRIPT}</script></html>`
}

export function docsPolicy(nonce: string): string {
  const own = `'nonce-${nonce}'`
  return `default-src 'none'; style-src ${own}; script-src ${own}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
}
