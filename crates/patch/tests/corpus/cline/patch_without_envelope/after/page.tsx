<div>
  <a>Go</a>
  <b>Stop</b>
</div>