# Runs the processes of one throw-away server, and outlives the JVM that asked for it to clean up.
#
#   sh -c "$(cat guard.sh)" guard HOME yes|no
#
# Makes the directory HOME; yes: it may exist, and is kept at the end.
#
# Standard input is a pipe that only the JVM holds. Each line in it: run HOME/run.sh. Its end: the
# JVM is done, or dead, however hard it died.
#
#   HOME/run.sh      writes its own process id into HOME/pid, then becomes the server (exec)
#   HOME/exit        the exit status, written when the server has ended
#   HOME/suspended   process ids to be continued, for a server that was stopped by SIGSTOP
#   HOME/log         what the server prints
home=$1
keep=$2

if [ "$keep" = yes ]; then
    mkdir -p "$home" || exit 1
else
    mkdir -m 700 "$home" || exit 1
fi
exec 2>>"$home/log" || exit 1

# $1: how many times 0.05 seconds to wait for the end of the server
await_exit() {
    left=$1
    while [ ! -e "$home/exit" ] && [ "$left" -gt 0 ]; do
        sleep 0.05
        left=$((left - 1))
    done
    [ -e "$home/exit" ]
}

while read -r _; do
    {
        sh "$home/run.sh" </dev/null >>"$home/log" 2>&1
        echo $? >"$home/exit.new"
        mv "$home/exit.new" "$home/exit"
    } &
    # The pid must be known before the end of input may be seen: else nobody could stop the server.
    while [ ! -s "$home/pid" ] && [ ! -e "$home/exit" ]; do
        sleep 0.02
    done
done

if [ -s "$home/pid" ] && [ ! -e "$home/exit" ]; then
    pid=$(cat "$home/pid")
    kill -s QUIT "$pid"
    if [ -s "$home/suspended" ]; then
        # Some of them may have ended since.
        kill -s CONT $(cat "$home/suspended") 2>/dev/null
    fi
    # The server itself kills children that do not obey within 5 seconds.
    await_exit 160 || kill -s KILL "$pid"
    await_exit 100
fi

# A server that was killed leaves its small System V segment behind; line 7: key and id.
if [ -s "$home/data/postmaster.pid" ] && command -v ipcrm >/dev/null; then
    segment=$(sed -n '7s/.* //p' "$home/data/postmaster.pid")
    # Its last child may still be on the way out; a segment is removed when nobody uses it.
    [ -n "$segment" ] && ipcrm -m "$segment" 2>/dev/null
fi

if [ "$keep" = yes ]; then
    rm -f "$home/pid" "$home/exit" "$home/run.sh" "$home/suspended"
else
    # The last files of dying children may appear during the removal, hence more than once.
    for _ in 1 2 3 4 5; do
        rm -rf "$home" 2>/dev/null && [ ! -e "$home" ] && break
        sleep 0.2
    done
fi
