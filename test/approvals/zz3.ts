import { mkdtempSync } from 'node:fs'; import { join } from 'node:path'; import { randomBytes } from 'node:crypto';
import { sqliteApprovals } from '@guardstile/approvals'; 
import { draftOf, voteOf, BINDINGS } from './draft.ts';
const f=mkdtempSync('/dev/shm/zz-'); const s=sqliteApprovals(join(f,'a.db'),{key:randomBytes(32),maxPending:1e9,maxPendingPerSession:1e9});
const N=8000;
for(let i=0;i<N;i++){await s.create(draftOf(`a${i}`,{expiresMs:3.6e6}),`a${i}`);await s.vote(`a${i}`,voteOf('ann'),1);}
import { Session } from 'node:inspector/promises'; const se=new Session(); se.connect(); await se.post('Profiler.enable'); await se.post('Profiler.setSamplingInterval',{interval:100}); await se.post('Profiler.start');
for(let i=0;i<N;i++) await s.consume(`a${i}`,'c',BINDINGS);
const {profile}=await se.post('Profiler.stop');
const self=new Map<string,number>(); const byId=new Map(profile.nodes.map(n=>[n.id,n])); const parent=new Map<number,number>(); for(const n of profile.nodes) for(const c of n.children??[]) parent.set(c,n.id);
let total=0; profile.samples!.forEach((id,i)=>{const n=byId.get(id)!;const p=byId.get(parent.get(id)??-1);const k=n.callFrame.functionName+' < '+(p?.callFrame.functionName)+':'+p?.callFrame.lineNumber; const d=profile.timeDeltas![i]!; self.set(k,(self.get(k)??0)+d); total+=d;});
for(const [k,v] of [...self].sort((a,b)=>b[1]-a[1]).slice(0,28)) console.log((v/N).toFixed(1).padStart(7),k); console.log(total/N);
s.close();
