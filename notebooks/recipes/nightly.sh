#!/bin/sh
# The job, for cron: nothing is printed where nobody has to do anything, so that no mail is sent.
# 5, 6  trouble elsewhere: tried twice more; each try goes on with what is left, since the job says resume = true.
# 4     an ordinary night: some accounts need their owners, as report.json tells. All others are there.
# Any other code is somebody's affair: what was said goes to stderr, and so into the mail.
set -u
for pause in 600 1800 none; do
    said=$(socialconnect run job.toml --report report.json "$@" 2>&1) && exit 0
    code=$?
    case $code in
        4) exit 0 ;;
        5 | 6) [ "$pause" = none ] || sleep "$pause" ;;
        *) break ;;
    esac
done
printf '%s\n' "$said" >&2
exit "$code"
