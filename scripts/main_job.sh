# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The main job of scripts/start: calibrates the sample model, measures compressed caches on it, and shows what it finds as
# soon as it is there. How many tokens it takes follows from the speed of the machine, which is measured once for a project.
# Whoever sources this has sourced lib.sh and set these: the program, a project file, a folder, two texts.
: "${kvw:?}" "${store:?}" "${stamps:?}"
text_calibrate=${text_calibrate-} text_evaluate=${text_evaluate-}

window=512
limit_minutes=5
budget_ms=240000 # of the limit, by the estimate: a machine that is shared may be slower later than when it was measured

ppl_configurations=("v=pca:60" "v=pca:60,weighted" "k=kq:56 sinks=4" "k=int8,token v=int8,token sinks=4")
bench_configurations=("k=int8 v=int8" "k=int4,channel=32 v=int4" "v=out:32,weighted")
generate_configurations=("k=int8 v=int8 sinks=4" "k=int4,channel=32 v=int4 sinks=4" "v=out:32,weighted sinks=4")

# with_configurations LIST_NAME: sets `configured` to the arguments of kvw.
with_configurations() {
    local -n list=$1
    local each
    configured=()
    for each in "${list[@]}"; do configured+=(--config "$each"); done
}

# share_of WHOLE LEAST: so many sixteenths of the whole in windows, and never fewer than still mean something.
share_of() {
    local tokens=$(($1 * sixteenths / 16 / window * window))
    echo "$((tokens < $2 ? $2 : tokens))"
}

# plan SIXTEENTHS: sets what every step takes. The least: second moments of 64 channels need a few thousand tokens; paired
# intervals resample windows, and from four on they tell a loss of some per cent from none.
plan() {
    sixteenths=$1
    # A small calibration first: beside the real one it shows how much the bases still move with more text.
    small_tokens=$(share_of 4096 1024)
    calibrate_tokens=$(share_of 16384 4096)
    ppl_tokens=$(share_of 8192 2048)
    sweep_tokens=$(share_of 4096 2048)
    # sweep_points: of the grid, and the identity.
    local integers="k=int8 v=int8; k=int4,channel=32 v=int4 sinks=(0|4); k=int3,channel=32 v=int3 sinks=4"
    sweep_grid="k=kq:(32..56..8) sinks=4; v=out:(32..56..8),weighted sinks=(0|4); $integers" sweep_points=17
    contexts=512,2048,4096 rounds=3 decode=16 max_new=96
    if [ "$sixteenths" -lt 16 ]; then contexts=512,2048 max_new=64; fi
    if [ "$sixteenths" -lt 8 ]; then contexts=512,1024 rounds=2 decode=8 max_new=48; fi
    if [ "$sixteenths" -lt 4 ]; then contexts=512 rounds=3 max_new=32; fi
    if [ "$sixteenths" -lt 4 ]; then
        sweep_grid="k=kq:(32..56..12) sinks=4; v=out:(32..56..12),weighted sinks=4; $integers" sweep_points=11
    fi
}

now_ms() { echo "$((${EPOCHREALTIME/[^0-9]/} / 1000))"; }

# measure_speed: sets rate, tokens a second under the dearest of three configurations, and load_ms, what a process takes
# besides. One window each, and three more by which kvw ppl makes sure that it measures the cache.
measure_speed() {
    local begin found
    begin=$(now_ms)
    found=$("$kvw" ppl "$KVW_MODEL" --text "$text_evaluate" --tokens "$window" --window "$window" --protocol all --json \
        --quiet --config "k=int4,channel=32 v=int4" --config "k=random:56 v=random:48 sinks=4") ||
        ended_badly "the measurement of the speed" $?
    rate=$(sed -n 's/.*"scoring_tokens_per_s": *\([0-9]*\).*/\1/p' <<<"$found" | sort -n | head -n 1)
    if [ "${rate:-0}" -lt 1 ]; then rate=1; fi
    load_ms=$(($(now_ms) - begin - 6 * window * 1000 / rate))
    if [ "$load_ms" -lt 0 ]; then load_ms=0; fi
}

# estimate_ms SIXTEENTHS: of the main job with so much of the whole, counted in scored tokens of the measured speed. By
# processor time a calibrated token costs 0.7 of a scored one, one that fills a cache of 2,048 costs 0.8 on average of the
# five ways that are compared, a step of decoding 7 and of generating 12; what is counted here is a bound.
estimate_ms() {
    local tokens length cells=0
    plan "$1"
    for length in ${contexts//,/ }; do cells=$((cells + rounds * (length + 16 * (decode + 1)))); done
    tokens=$((small_tokens + calibrate_tokens))
    tokens=$((tokens + ppl_tokens * (${#ppl_configurations[@]} + 1) + sweep_tokens * sweep_points + 2 * 3 * window))
    tokens=$((tokens + cells * (${#bench_configurations[@]} + 2) + 16 * max_new * (${#generate_configurations[@]} + 1)))
    echo "$((6 * load_ms + tokens * 1000 / rate))"
}

minutes() { echo "$((($1 + 59999) / 60000))"; }

# choose_plan: what was chosen at the first start stays, even on a machine that has become faster: a project is one piece.
choose_plan() {
    local whole chosen
    if [[ $(cat "$stamps/plan" 2>/dev/null) =~ ^([1-9]|1[0-6])$ ]]; then
        plan "${BASH_REMATCH[1]}"
    else
        say "measuring how fast this machine is"
        measure_speed
        whole=$(estimate_ms 16)
        for ((chosen = 16; chosen > 1; chosen--)); do
            if [ "$(estimate_ms "$chosen")" -le "$budget_ms" ]; then break; fi
        done
        plan "$chosen"
        say "$rate tokens a second under a compressed cache: the main job takes at most about" \
            "$(minutes "$(estimate_ms "$chosen")") minutes"
        if [ "$(estimate_ms "$chosen")" -gt "$budget_ms" ]; then
            say "that is with the fewest tokens that still mean something; the machine is slow or busy, so it takes longer" \
                "than the $limit_minutes minutes that are aimed at"
        elif [ "$chosen" -lt 16 ]; then
            say "the whole of it would take $(minutes "$whole") minutes; $limit_minutes are aimed at"
        fi
        set_stamp "$stamps/plan" "$chosen"
    fi
    if [ "$sixteenths" -lt 16 ]; then
        say "fewer tokens than on a fast machine: $calibrate_tokens of 16384 calibrate, $ppl_tokens of 8192 measure the first" \
            "configurations, $sweep_tokens of 4096 the sweep of $((sweep_points - 1)) more; speed at contexts of $contexts"
    fi
}

# ended_badly WHAT STATUS: says how a child ended, and ends as it did.
ended_badly() {
    local how hint="What is done is kept in $store; start again to go on."
    case $2 in
    130) how="was interrupted by Ctrl-C (SIGINT)" ;;
    137)
        how="was killed (SIGKILL)"
        hint="The machine has most likely run out of memory: close other programs. $hint"
        ;;
    143) how="was stopped by SIGTERM" ;;
    129) how="was stopped by SIGHUP: its terminal is gone" ;;
    *)
        if [ "$2" -le 128 ]; then die "$1 failed." "$hint"; fi
        how="was ended by signal $(($2 - 128)) (SIG$(kill -l "$2" 2>/dev/null || echo ?))"
        ;;
    esac
    (die "$1 $how." "$hint") || exit "$2"
}

# step NAME TITLE COMMAND...: runs the command unless it was done with this key.
step() {
    local name=$1 title=$2 status=0
    shift 2
    if stamp_is "$stamps/$name" "$key"; then return 0; fi
    need_space "$KVW_ROOT" 500 "the results"
    say "$title"
    "$@" || status=$?
    if [ "$status" -ne 0 ]; then ended_badly "kvw ${name%-small}" "$status"; fi
    set_stamp "$stamps/$name" "$key"
}

main_job() {
    mkdir -p "$stamps"
    # Stamps without their store say nothing.
    [ -s "$store" ] || rm -f "$stamps"/*
    key=$("$kvw" --version) || die "$kvw does not start."
    choose_plan
    key=$(hash_of_text "$key $(cat "$KVW_MODEL_STAMP") $(hash_of "$text_calibrate") $(hash_of "$text_evaluate") \
        $small_tokens $calibrate_tokens $ppl_tokens $sweep_tokens $contexts $rounds $decode $max_new \
        ${ppl_configurations[*]} $sweep_grid ${bench_configurations[*]} ${generate_configurations[*]}")
    local calibrate=("$kvw" calibrate "$KVW_MODEL" --text "$text_calibrate" --window "$window" --store "$store")
    local measured=("$KVW_MODEL" --text "$text_evaluate" --window "$window" --protocol all --store "$store")
    step calibrate-small "a small calibration first" "${calibrate[@]}" --tokens "$small_tokens"
    step spectra-small "the first spectra, from $small_tokens tokens" "$kvw" spectra --store "$store"
    step calibrate "the calibration that everything takes its bases from" "${calibrate[@]}" --tokens "$calibrate_tokens"
    step spectra "the spectra, from $calibrate_tokens tokens" "$kvw" spectra --store "$store"
    with_configurations ppl_configurations
    step ppl "the first configurations" "$kvw" ppl "${measured[@]}" --tokens "$ppl_tokens" "${configured[@]}"
    step sweep "a sweep" "$kvw" sweep "${measured[@]}" --tokens "$sweep_tokens" --grid "$sweep_grid"
    with_configurations bench_configurations
    step bench "memory and speed" "$kvw" bench "$KVW_MODEL" --contexts "$contexts" --batch 1 --decode "$decode" \
        --rounds "$rounds" "${configured[@]}" --store "$store"
    with_configurations generate_configurations
    step generate "texts side by side" "$kvw" generate "$KVW_MODEL" --max-new "$max_new" "${configured[@]}" \
        --prompt "Explain in three sentences why the sky is blue." --store "$store"
    say "results (${store#"$KVW_ROOT"/})"
    "$kvw" export --store "$store" --table quality --format md || die "the results could not be shown."
}
