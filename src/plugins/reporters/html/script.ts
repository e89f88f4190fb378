/** The script of the page: filter by words, outcome, severity and baseline; links open what they lead to; print opens what fails. */
export const SCRIPT = `
const one=(id)=>document.getElementById(id);
const text=one('search'),outcome=one('outcome'),severity=one('severity'),count=one('count');
const rows=[...document.querySelectorAll('[data-outcome]')].map((row)=>({row,words:row.textContent.toLowerCase()}));
const told=rows.filter(({row})=>row.tagName==='DETAILS'),parts=[...document.querySelectorAll('main>section')].filter((part)=>part.querySelector('[data-outcome]'));
function filter(){const words=text.value.toLowerCase().split(' ').filter(Boolean);let shown=0;
for(const {row,words:all} of rows){const fits=(outcome.value===''||row.dataset.outcome===outcome.value)
&&(severity.value===''||row.dataset.severity===undefined||row.dataset.severity===severity.value)&&words.every((word)=>all.includes(word));
row.hidden=!fits;if(fits&&row.tagName==='DETAILS')shown++}for(const part of parts)part.hidden=!part.querySelector('details[data-outcome]:not([hidden]),tr[data-outcome]:not([hidden])');
count.textContent=shown+' of '+told.length+' checks and controls shown'}
for(const field of [text,outcome,severity])field.addEventListener('input',filter);filter();
function reveal(){const at=location.hash&&one(location.hash.slice(1));if(at&&at.tagName==='DETAILS'){at.hidden=false;at.parentElement.hidden=false;at.open=true;at.scrollIntoView();at.querySelector('summary').focus()}}
addEventListener('hashchange',reveal);reveal();
const all=()=>[...document.querySelectorAll('main>section>details')];
one('open').addEventListener('click',()=>{const shown=all().filter((at)=>!at.hidden),open=shown.some((at)=>!at.open);for(const at of shown)at.open=open});
const closed=[];addEventListener('beforeprint',()=>{for(const at of all())if(!at.open&&['fail','error'].includes(at.dataset.outcome)){at.open=true;closed.push(at)}});
addEventListener('afterprint',()=>{for(const at of closed.splice(0))at.open=false});
addEventListener('keydown',(event)=>{if(event.key==='/'&&document.activeElement!==text){event.preventDefault();text.focus()}});
`;
