// Style: the report's style sheet and its little script, as texts that are put into the page.
//
// Colours of endings differ in lightness as well as in hue (answered is blue, errors orange, no answer dark red, late
// violet), so that they stay apart for colour-blind eyes and on grey paper; dark mode and print swap the variables only.
// Thread: constants. Tested by tests/harness/report_test.cpp.
#include "harness/report/parts.hpp"

namespace sunder::harness::report {

const char* style_sheet() {
  return R"css(
:root{--bg:#fff;--fg:#1c2330;--soft:#5b6675;--line:#d9dee6;--lane:#f1f4f8;--box:#f7f9fb;
--ok:#4a90d9;--late:#8e63ce;--err:#eda02f;--mute:#b3261e;--cens:#c3cad4;
--win:rgba(222,152,30,.17);--cut:#b86e00;--pass:#1b7f4d;--fail:#b3261e;--unk:#8a6100;--meas:#4b5a6d;
--w:#2a6fb8;--r:#c2570c;--c:#7a4bb8;--p50:#2a6fb8;--p99:#c2570c}
@media (prefers-color-scheme:dark){:root{--bg:#12161c;--fg:#e4e9f0;--soft:#9aa6b5;--line:#333c48;
--lane:#1d232c;--box:#191f27;--ok:#5b9fe6;--late:#b48cf0;--err:#f0b454;--mute:#e2574c;--cens:#596473;
--win:rgba(240,180,60,.16);--cut:#f0b454;--pass:#2c9a63;--fail:#d4453b;--unk:#b58416;--meas:#5d6c80;
--w:#5b9fe6;--r:#f08c4a;--c:#b48cf0;--p50:#5b9fe6;--p99:#f08c4a}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--fg);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1040px;margin:0 auto;padding:20px 24px 60px}
h1{font-size:1.9rem;line-height:1.25;margin:.1em 0 .4em;display:flex;flex-wrap:wrap;gap:.4em;
align-items:center}
h2{font-size:1.3rem;margin:2.2em 0 .5em;padding-top:.5em;border-top:1px solid var(--line)}
h3{font-size:1.02rem;margin:1.4em 0 .4em}
p{margin:.5em 0;max-width:75ch}
.brand,.faint,figcaption{color:var(--soft)}
.brand{margin:0;letter-spacing:.04em}
.faint,figcaption{font-size:.9rem}
figcaption{max-width:75ch;margin-top:.3em}
figure{margin:.6em 0 1em}
.say{font-size:1.06rem;border-left:4px solid var(--cut);padding:.2em .8em;background:var(--box)}
.badge{display:inline-block;font-size:.8rem;line-height:1.5;font-weight:600;padding:0 .55em;
border-radius:4px;color:#fff;background:var(--unk);white-space:nowrap}
h1 .badge{font-size:1.1rem;padding:.05em .6em}
.badge.pass{background:var(--pass)}.badge.fail{background:var(--fail)}
.badge.measured{background:var(--meas)}
.sentences{list-style:none;padding:0}.sentences li{margin:.35em 0;max-width:90ch;
overflow-wrap:anywhere}
.facts{display:flex;flex-wrap:wrap;gap:.4em 1.8em;margin:1em 0;font-size:.92rem}
.facts dt{color:var(--soft);font-size:.82rem}.facts dd{margin:0;overflow-wrap:anywhere}
.words dt{font-weight:600;margin-top:.5em}.words dd{margin:0;max-width:75ch}
.wide{overflow-x:auto;max-width:100%}
.wide>svg{display:block;width:100%;height:auto;min-width:760px}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{padding:.3em .7em .3em 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600;vertical-align:bottom;line-height:1.25}
td{min-width:2.5em}
.n{text-align:right;white-space:nowrap}
.w{white-space:nowrap}
.minibar{display:block;width:120px;height:14px;margin-top:.25em}
pre,code{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.9em}
pre{background:var(--box);border:1px solid var(--line);padding:.7em 1em;overflow-x:auto}
summary{cursor:pointer;padding:.3em 0}
.legend{display:flex;flex-wrap:wrap;gap:.2em 1.2em;font-size:.88rem;max-width:none}
.legend span{white-space:nowrap}
.legend i,.legend b{display:inline-block;width:14px;height:12px;margin-right:.4em;vertical-align:-1px}
.legend b{height:0;border-top:3px solid;vertical-align:4px}
.legend b.p50{border-color:var(--p50)}.legend b.p99{border-color:var(--p99);border-top-style:dotted}
i.ok{background:var(--ok)}i.late{background:var(--late)}i.err{background:var(--err)}
i.mute{background:var(--mute)}i.cens{background:var(--cens)}
i.win{background:var(--win);outline:1px solid var(--cut)}
.legend i.cut{background:var(--cut);height:4px;vertical-align:3px}
svg text{fill:var(--fg);font:13px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
svg .small{font-size:11px}svg .faint{fill:var(--soft)}svg .strong{font-weight:600}
svg .end{text-anchor:end}svg .mid{text-anchor:middle}
svg .lane{fill:var(--lane)}svg .ok{fill:var(--ok)}svg .late{fill:var(--late)}
svg .err{fill:var(--err)}svg .mute{fill:var(--mute)}svg .cens{fill:var(--cens)}
svg .win{fill:var(--win)}svg .vac{stroke:var(--cut);stroke-dasharray:4 3}svg .cut{fill:var(--cut)}
svg .grid{stroke:var(--line);stroke-width:1}svg .axis{stroke:var(--soft)}
svg .thread{stroke:var(--line);stroke-width:2}
svg .tip{fill:transparent}svg .tip:hover{fill:rgba(128,128,128,.35)}
svg .p50,svg .p99{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
svg .p50{stroke:var(--p50)}svg .p99{stroke:var(--p99);stroke-dasharray:1 3.5}
svg .rate{fill:var(--ok);opacity:.8}
svg .edge{fill:none;stroke:var(--soft);stroke-width:1.2}svg .head{fill:var(--soft)}
svg .bar{stroke-width:1.5;fill-opacity:.35}
svg .w{fill:var(--w);stroke:var(--w)}svg .r{fill:var(--r);stroke:var(--r)}
svg .c{fill:var(--c);stroke:var(--c)}svg .open{fill-opacity:.08;stroke-dasharray:5 3}
svg .hand{stroke:var(--fg);stroke-width:1;opacity:.5;pointer-events:none}
.zoom{margin:.2em 0;font-size:.78rem}.zoom button{font:inherit;margin-right:.3em;padding:.1em .5em;
color:var(--soft);background:var(--box);border:1px solid var(--line);border-radius:4px}
@media (max-width:600px){main{padding:12px 14px 40px}h1{font-size:1.5rem}
.wide table{width:max-content;max-width:1000px}}
@media print{:root{--bg:#fff;--fg:#000;--soft:#444;--line:#bbb;--lane:#f1f4f8;--box:#fff;--ok:#4a90d9;
--late:#8e63ce;--err:#eda02f;--mute:#b3261e;--cens:#c3cad4}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}main{max-width:none;padding:0}
figure,tr,li,dd{break-inside:avoid}h2,h3{break-after:avoid}.wide{overflow:visible}
.wide>svg{min-width:0}.zoom{display:none}}
)css";
}

const char* script() {
  return R"js(
// A clock hand that follows the pointer through all drawings over time, and a zoom. The page works without.
(function(){
  var all=[].slice.call(document.querySelectorAll('svg.timed'));
  var NS='http://www.w3.org/2000/svg';
  var hands=all.map(function(svg){
    var g=document.createElementNS(NS,'g'),l=document.createElementNS(NS,'line'),
        t=document.createElementNS(NS,'text'),h=svg.viewBox.baseVal.height;
    l.setAttribute('class','hand');l.setAttribute('y1',14);l.setAttribute('y2',h-24);
    t.setAttribute('class','small strong');t.setAttribute('y',h-28);
    t.style.pointerEvents='none';
    g.style.display='none';g.appendChild(l);g.appendChild(t);svg.appendChild(g);
    return {svg:svg,g:g,l:l,t:t};
  });
  function show(share){
    hands.forEach(function(h){
      var d=h.svg.dataset,x0=+d.x0,x1=+d.x1,x=x0+share*(x1-x0);
      h.g.style.display=share<0||share>1?'none':'';
      h.l.setAttribute('x1',x);h.l.setAttribute('x2',x);
      h.t.setAttribute('x',share>.9?x-4:x+4);h.t.style.textAnchor=share>.9?'end':'start';
      h.t.textContent=((+d.from+share*(+d.to-+d.from))/1e9).toFixed(2)+' s';
    });
  }
  all.forEach(function(svg){
    svg.addEventListener('pointermove',function(e){
      var r=svg.getBoundingClientRect(),x=(e.clientX-r.left)/r.width*svg.viewBox.baseVal.width;
      show((x-+svg.dataset.x0)/(+svg.dataset.x1-+svg.dataset.x0));
    });
    svg.addEventListener('pointerleave',function(){show(-1);});
    var box=svg.parentNode,bar=document.createElement('div');bar.className='zoom';
    ['1','2','4'].forEach(function(f){
      var b=document.createElement('button');b.type='button';b.textContent='×'+f;
      b.setAttribute('aria-label','draw '+f+' times as wide');
      b.addEventListener('click',function(){
        var mid=(box.scrollLeft+box.clientWidth/2)/box.scrollWidth;
        svg.style.width=f==='1'?'':(f*100)+'%';
        box.scrollLeft=mid*box.scrollWidth-box.clientWidth/2;
      });
      bar.appendChild(b);
    });
    box.parentNode.insertBefore(bar,box);
  });
})();
)js";
}

}  // namespace sunder::harness::report
