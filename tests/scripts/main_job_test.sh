#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The main job of scripts/start with a kvw that measures nothing: how many tokens it takes at which speed, that the choice
# stays, that nothing is done twice, and what is said when a step is ended by a signal.
set -Eeuo pipefail
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../scripts" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The stand-in writes down how it was called, scores as fast as the file "rate" says, and ends by the signal that the file
# "signal" names when it is asked for the command that stands there.
cat >"$folder/kvw" <<'KVW'
#!/usr/bin/env bash
here=$(dirname "$0")
echo "$*" >>"$here/calls"
case $1 in
--version) echo "kvw 0.1.0" ;;
ppl) printf '  "scoring_tokens_per_s": %s.5,\n' 9999 "$(cat "$here/rate")" ;;
esac
case " $* " in *" --store "*) echo results >"$here/example.kvw" ;; esac
if [ -s "$here/signal" ]; then
    read -r command signal <"$here/signal"
    if [ "$command" = "$1" ] && [[ $* == *--store* ]]; then kill -s "$signal" $$; fi
fi
KVW
chmod +x "$folder/kvw"
echo "one" >"$folder/one.txt"
echo "two" >"$folder/two.txt"

failures=0
fail() {
    printf 'FAILED: %s\n' "$1" >&2
    if [ -s "$folder/log" ]; then sed 's/^/    /' "$folder/log" >&2; fi
    failures=$((failures + 1))
}

# start RATE: the main job in a shell of its own; sets status, and leaves log and calls.
start() {
    echo "$1" >"$folder/rate"
    : >"$folder/calls"
    status=0
    (
        # shellcheck source=scripts/lib.sh
        source "$scripts/lib.sh"
        # shellcheck disable=SC2034 # main_job.sh reads them
        kvw=$folder/kvw store=$folder/example.kvw stamps=$folder/stamps KVW_MODEL=$folder/model \
            KVW_MODEL_STAMP=$folder/one.txt text_calibrate=$folder/one.txt text_evaluate=$folder/two.txt
        # shellcheck source=scripts/main_job.sh
        source "$scripts/main_job.sh"
        main_job
    ) >"$folder/log" 2>&1 || status=$?
}
fresh() { rm -rf "$folder/example.kvw" "$folder/stamps" "$folder/signal"; }
# tokens_of COMMAND: of its last call.
tokens_of() { sed -n "/^$1 .*--store/s/.* --tokens \([0-9]*\).*/\1/p" "$folder/calls" | tail -n 1; }
says() { grep -qF -- "$1" "$folder/log" || fail "\"$1\" is not said"; }
equal() { [ "$1" = "$2" ] || fail "$3: $1 instead of $2"; }

# A fast machine takes the whole.
fresh
start 1300
equal "$status" 0 "exit code"
equal "$(tokens_of calibrate) $(tokens_of ppl) $(tokens_of sweep)" "16384 8192 4096" "tokens on a fast machine"
says "1300 tokens a second"
grep -q "fewer tokens" "$folder/log" && fail "a fast machine takes the whole"
# The first spectra and the first table come before the sweep.
order=$(grep -v -e --version "$folder/calls" | cut -d' ' -f1 | tr '\n' ' ')
equal "$order" "ppl calibrate spectra calibrate spectra ppl sweep bench generate export " "order"

# A second start only shows what is there, however fast the machine is now.
start 10
equal "$(cut -d' ' -f1 "$folder/calls" | tr '\n' ' ')" "--version export " "a second start"

# A slower machine takes less, in whole windows; the slower, the fewer.
before=16385
for rate in 900 500 350 250; do
    fresh
    start "$rate"
    equal "$status" 0 "exit code at $rate"
    now=$(tokens_of calibrate)
    [ "$now" -lt "$before" ] || fail "$now tokens at $rate tokens a second, and $before at a faster speed"
    [ "$((now % 512))" -eq 0 ] || fail "$now is no whole number of windows"
    says "fewer tokens than on a fast machine: $now of 16384"
    minutes=$(sed -n 's/.*at most about \([0-9]*\) minutes.*/\1/p' "$folder/log")
    [ "$minutes" -le 5 ] || fail "$minutes minutes at $rate tokens a second"
    before=$now
done

# A very slow one takes the fewest that mean something, and says so.
fresh
start 20
equal "$(tokens_of calibrate) $(tokens_of ppl) $(tokens_of sweep)" "4096 2048 2048" "the fewest tokens"
says "longer than the 5 minutes"

# What ends a step is named, nothing is done twice, and the rest takes the numbers of the first start.
for case in "KILL 137 killed (SIGKILL)" "TERM 143 stopped by SIGTERM" "INT 130 Ctrl-C (SIGINT)" "HUP 129 SIGHUP" "ABRT 134 (SIGABRT)"; do
    read -r signal code words <<<"$case"
    fresh
    echo "sweep $signal" >"$folder/signal"
    start 350
    equal "$status" "$code" "exit code after SIG$signal"
    says "$words"
    [ "$signal" != KILL ] || says "out of memory"
    first=$(tokens_of sweep)
    rm "$folder/signal"
    start 1300
    equal "$status" 0 "exit code of the start after SIG$signal"
    equal "$(cut -d' ' -f1 "$folder/calls" | tr '\n' ' ')" "--version sweep bench generate export " "after SIG$signal"
    equal "$(tokens_of sweep)" "$first" "tokens after SIG$signal"
done

# Without the project file nothing that was chosen for it counts.
rm "$folder/example.kvw"
start 1300
equal "$(tokens_of sweep)" 4096 "tokens of a new project"

[ "$failures" -eq 0 ] || exit 1
echo "all as expected"
