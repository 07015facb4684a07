# Records by action, and the ten sources with the most bytes. Both formats begin with the fields of version 2.
$13 == "ACCEPT" || $13 == "REJECT" { actions[$13]++; sources[$4] += $10 }
END {
  for (a in actions) print a, actions[a]
  for (s in sources) {
    if (n == 10 && sources[s] <= sources[top[10]]) continue
    if (n < 10) n++
    for (i = n; i > 1 && sources[top[i-1]] < sources[s]; i--) top[i] = top[i-1]
    top[i] = s
  }
  for (i = 1; i <= n; i++) printf "%s %.0f\n", top[i], sources[top[i]]
}
