# As minimal.awk, and by interface, protocol and port too: nearer to what flowd counts.
$13 == "ACCEPT" || $13 == "REJECT" {
  actions[$13]++; sources[$4] += $10
  interfaces[$3, $13] += $10; protocols[$8, $13] += $10; ports[$7, $13] += $10
}
END {
  for (a in actions) print a, actions[a]
  for (k in interfaces) count++
  for (k in protocols) count++
  for (k in ports) count++
  print "series", count
  for (s in sources) {
    if (n == 10 && sources[s] <= sources[top[10]]) continue
    if (n < 10) n++
    for (i = n; i > 1 && sources[top[i-1]] < sources[s]; i--) top[i] = top[i-1]
    top[i] = s
  }
  for (i = 1; i <= n; i++) printf "%s %.0f\n", top[i], sources[top[i]]
}
