"""The words that people read, in Korean and English."""

from typing import Literal, Protocol

Lang = Literal["ko", "en"]


class Speaker(Protocol):
    """Whoever says a text in one language."""

    @property
    def lang(self) -> Lang:
        """Tell in which."""
        ...

    def say(self, key: str, **values: object) -> str:
        """Give a text, its places filled."""
        ...


TEXTS: dict[str, tuple[str, str]] = {
    # levels
    "normal": ("정상", "normal"),
    "elevated": ("주의", "elevated"),
    "warning": ("경고", "warning"),
    "unknown": ("미상", "unknown"),
    # the report's head and columns
    "title": ("런북 3장 판정", "Runbook section 3, judged"),
    "span": ("구간", "span"),
    "now": ("현재", "now"),
    "rule": ("규칙", "rule"),
    "shop": ("매장", "shop"),
    "all_shops": ("전체", "all shops"),
    "value": ("값", "value"),
    "level": ("수준", "level"),
    "course": ("추이", "course"),
    "worst": ("최악", "worst"),
    "at": ("시각", "at"),
    "normal_range": ("정상", "normal"),
    "warning_range": ("경고", "warning"),
    "normal_long": ("정상 범위", "normal"),
    "warning_long": ("경고 기준", "warning"),
    "slow_count": ("{k}건", "{k}×"),
    "procedure": ("절차", "procedure"),
    "follow": ("따를 절차", "procedures to follow"),
    "slow_requests": ("느린 요청", "slow requests"),
    "label": ("구분", "label"),
    "count": ("건수", "count"),
    "route": ("경로", "route"),
    "data": ("데이터", "data"),
    "findings": ("확인할 점", "worth knowing"),
    "all_normal": ("경고나 주의가 없습니다.", "No warning, nothing elevated."),
    "warned_now": ("지금 경고: {rules}", "In warning now: {rules}"),
    "warned_before": ("구간 중 경고였음: {rules}", "Was in warning: {rules}"),
    "counted": (
        (
            "로그 {entries}건: 요약 {samples} · 느린 요청 {slow_requests} · 무관 {ignored}"
            " · 중복 {duplicates} · 해석 실패 {unparsed}"
        ),
        (
            "{entries} entries: {samples} summaries · {slow_requests} slow requests · {ignored} ignored"
            " · {duplicates} repeated · {unparsed} unparsed"
        ),
    ),
    "instances": ("인스턴스 {instances}개", "instances: {instances}"),
    # the page
    "page_title": ("런북 판정 보고서", "Runbook report"),
    "nothing_judged": ("판정할 수 있는 데이터가 없습니다.", "There is nothing to judge."),
    "incidents": ("인시던트", "incidents"),
    "no_incidents": ("이 구간에는 알림이 나갈 만한 인시던트가 없습니다.", "No incident: nothing would have been sent."),
    "goes_on": ("진행 중", "still going"),
    "so_far": ("{begun}부터 {lasted}째", "since {begun}, {lasted} so far"),
    "told_times": ("알림 {count}건", "messages: {count}"),
    "untold_procedures": (
        "경고 구간이 있었지만 따로 알리지는 않은 규칙의 절차:",
        "Procedures of rules that were in warning and not told of:",
    ),
    "besides": ("함께 확인한 것", "also found"),
    "charts": ("추이 차트", "charts"),
    "calm_charts": ("계속 정상이었던 차트 {count}개", "{count} charts that stayed normal"),
    "not_drawn": ("데이터가 없어 그리지 않음: {names}", "Nothing known and not drawn: {names}"),
    "undrawn_shops": (
        "매장이 많아 {count}곳은 차트를 생략했습니다. 표에는 모두 있습니다.",
        "{count} shops have no chart here; the table has all of them.",
    ),
    "chart_says": (
        "현재 {value} {level}, 최악 {worst}, 정상 {normal}, 경고 {warning}",
        "now {value} {level}, worst {worst}, normal {normal}, warning {warning}",
    ),
    "chart_slow": ("느린 요청의 p95", "p95 of slow requests"),
    "chart_squeezed": ("점 하나는 {minutes}분 중 최악", "a point is the worst of {minutes} min"),
    "as_table": ("표로 보기", "as a table"),
    "from_to": ("시간", "time"),
    "legend_pending": ("경고 대기", "pending"),
    "legend_firing": ("경고 발생 중", "firing"),
    "legend_unknown": ("데이터 없음", "no data"),
    "longest": ("최대", "max"),
    "timeline": ("알림 이력", "messages"),
    "timeline_note": (
        "이 구간을 1분 단위로 다시 판정했을 때 나갔을 알림입니다. 실제로 보낸 알림은 logwatch alerts로 확인하세요.",
        "What would have been sent, judged minute by minute. What was really sent: logwatch alerts.",
    ),
    "silences": ("요약 로그가 없던 시간", "without a summary"),
    # why a level is not simply what the value says
    "no_lines": ("요약 로그 없음", "no summary lines"),
    "no_events": ("발생 건수 없음", "no events"),
    "no_endpoint": ("엔드포인트 미설정", "no endpoint set"),
    "not_proven": ("표본 {n}건, 단정하기 이름", "n={n}, not proven"),
    "too_few": ("{k}건, 기준 미만", "{k} slow, too few"),
    # findings: what was left over, and its cure
    "silent_windows": (
        "요약 로그가 없는 1분 구간이 {count}개 있습니다. 0이 아니라 '미상'으로 봅니다.",
        "{count} windows have no summary from anybody: they are unknown, not zero.",
    ),
    "off_rhythm": (
        (
            "요약 {count}줄이 60초 주기에서 벗어났습니다(인스턴스 {instances}개). CPU 스로틀링으로 타이머가 늦는 것입니다."
            " → gcloud run services update {service} --no-cpu-throttling"
        ),
        (
            "{count} summaries are off their instance's 60 s rhythm ({instances} instances): CPU throttling delays the timer."
            " → gcloud run services update {service} --no-cpu-throttling"
        ),
    ),
    "late": (
        "{count}줄이 구간을 마감한 뒤에 도착했습니다. 자주 그러면 LOGWATCH_GRACE를 늘리세요.",
        "{count} lines arrived after their window was closed. If that is common, raise LOGWATCH_GRACE.",
    ),
    "suspect": (
        "{rule}({shop}): 분자가 분모보다 큽니다({numerator}/{denominator}, {at}). 카운터를 중복으로 세고 있는지 확인하세요.",
        "{rule} ({shop}): more successes than attempts ({numerator}/{denominator}, {at}). Is a counter counting twice?",
    ),
    "unparsed": ("해석하지 못한 로그 {count}건: {reason}", "{count} entries not understood: {reason}"),
    "flaw": ("이상한 카운터 {count}건: {what}", "{count} odd counters: {what}"),
    "old": (
        "로그 버킷의 기본 보관 기간은 30일입니다. 그보다 오래된 구간은 비어 보일 수 있습니다.",
        "A log bucket keeps 30 days by default: what is older than that may look empty.",
    ),
    # messages
    "reason_firing": ("경고", "WARNING"),
    "reason_joined": ("경고 추가", "MORE"),
    "reason_reminder": ("경고 지속", "STILL FIRING"),
    "reason_resolved": ("해소", "RESOLVED"),
    "reason_silence_ending": ("알림 중지 종료 예정", "SILENCE ENDS SOON"),
    "against": ("(경고 기준 {bound})", "(warning {bound})"),
    "since": ("{at}부터", "since {at}"),
    "lasted": ("{span} 만에", "after {span}"),
    "worst_was": ("최악 {value}", "worst {value}"),
    "and_more": ("외 {count}건", "and {count} more"),
    "span_d": ("{count}일", "{count} d"),
    "span_h": ("{count}시간", "{count} h"),
    "span_m": ("{count}분", "{count} min"),
    "resolved_at": ("{at} 해소", "resolved {at}"),
    "unknown_since": ("{at}부터 미상(데이터 없음), 마지막 상태 유지", "unknown since {at}: no data, last state kept"),
    "rule_gone": ("규칙이 없어짐", "its rule is gone"),
    "explained_by_another": (
        "함께 나타나지만 다른 경보의 영향으로 보아 따로 알리지 않음",
        "Explained by another alert and not told apart",
    ),
    "not_explained": (
        "{rules} 경보와 동시에 발생했지만, 그 영향으로 볼 수 없습니다. 따로 조사하세요.",
        "Fires together with {rules}, which does not explain it. Look into it by itself.",
    ),
    "again": ("한 시간 안에 다시 발생({count}번째 재발)", "Came back within the hour (time {count})"),
    "silence_ends": (
        "{at}에 알림 중지가 끝납니다(설정: {by}, 사유: {reason}). 경고는 아직 계속되고 있습니다.",
        "The silence set by {by} ({reason}) ends at {at}, and the alert still fires.",
    ),
    "instead_of": (
        "{channel} 채널로 전달되지 않아 대신 보냅니다.",
        "Sent here because {channel} does not take it.",
    ),
    "delivered_late": ("{at}의 알림이 {span} 늦게 전달됨", "Of {at}, delivered {span} late"),
    "begin_here": ("여기부터", "begin here"),
    # what a step found
    "state.done": ("확인함", "done"),
    "state.not_the_case": ("해당 없음", "not the case"),
    "state.todo": ("조치 필요", "to do"),
    "state.not_looked": ("확인 못 함", "could not look"),
    "state.seen": ("나타남", "seen"),
    "state.not_seen": ("나타나지 않음", "not seen"),
    "state.contrary": ("예상과 다름", "not as expected"),
    "events": ("{count}건", "{count}"),
    "per_minute": ("분당 {rate}", "{rate}/min"),
    "hour_before": ("직전 1시간 {value}", "hour before {value}"),
    "day_before": ("어제 같은 시각 {value}", "a day before {value}"),
    "usual": ("평소 {value}", "usually {value}"),
    "no_past": ("비교할 이전 기록 없음", "nothing earlier to compare with"),
    "after": ("지금 {value}", "now {value}"),
    "slow_fact": ("{label} 느린 요청", "slow requests, {label}"),
    "lines_none": ("“{text}” 로그 없음", "no log line with “{text}”"),
    "lines_found": ("“{text}” 로그 {count}건 ({first}~{last})", "{count} log lines with “{text}” ({first}–{last})"),
    "lines_found_at": ("“{text}” 로그 {count}건 ({at})", "{count} log lines with “{text}” ({at})"),
    "lines_found_more": (
        "“{text}” 로그 {count}건 이상 (마지막 {last})",
        "{count} or more log lines with “{text}” (last {last})",
    ),
    "code_fact": ("응답 코드 {code}: {count}건", "response code {code}: {count}"),
    "route_fact": ("느린 경로 {route}: {count}건, p95 {p95}", "slow route {route}: {count}, p95 {p95}"),
    "unstepped": ("런북에 단계가 없는 사유가 늘었습니다: {what}", "Grew, and the runbook has no step for it: {what}"),
    "ended_unjudged": (
        "'{rule}' 규칙이 없어져 더 이상 판정하지 않습니다. 실제로 해소되었는지는 확인되지 않았습니다.",
        "'{rule}' is no rule any more, so nobody judges it: whether it is really over is not known.",
    ),
    "ended_alone": (
        "어느 단계의 조치로 끝났는지는 확인되지 않습니다. 지표가 정상 범위로 돌아왔습니다.",
        "What ended it is not known: no step was the case, and the figures are back in their normal range.",
    ),
    "missed": ("확인하지 못함: {why}", "could not look: {why}"),
    "missed.no_lines": ("요약 로그 없음", "no summary lines"),
    "missed.no_endpoint": ("엔드포인트 미설정(LOGWATCH_ENDPOINTS)", "no endpoint set (LOGWATCH_ENDPOINTS)"),
    "missed.no_answer": ("엔드포인트가 값을 주지 않음", "the endpoint gave no value"),
    "missed.out_of_budget": ("조회 시간 초과", "no time left to look"),
    "course_alt": ("최근 1시간 추이(경고 기준 {bound})", "course of the last hour (warning {bound})"),
    "link_search": ("로그: {text}", "Logs: {text}"),
    "link_logs": ("로그 보기", "Logs"),
    "link_metrics": ("지표 보기", "Metrics"),
    "link_runbook": ("런북", "Runbook"),
    "peak": ("최악 {peak}", "worst {peak}"),
    "new_alert": ("새 경고", "new"),
    "as_of": ("{at} 기준", "as of {at}"),
    # explain, alerts, silence, backtest
    "state_pending": ("대기", "pending"),
    "state_firing": ("발생 중", "firing"),
    "state_resolved": ("해소", "resolved"),
    "is_inactive": ("경고 아님", "not in warning"),
    "is_pending": ("대기 중, {at}부터", "pending since {at}"),
    "is_firing": ("발생 중, {at}부터", "firing since {at}"),
    "is_resolved": ("해소됨, {at}부터 발생했음", "resolved, was firing since {at}"),
    "never_judged": (
        "'{rule}'은(는) 아직 판정된 적이 없습니다. logwatch run이 한 번 이상 실행되어야 합니다.",
        "'{rule}' has not been judged yet: logwatch run must have run once.",
    ),
    "last_window": (
        "마지막 구간 {at}: {level} {value} (정상 {normal}, 경고 {warning})",
        "last window {at}: {level} {value} (normal {normal}, warning {warning})",
    ),
    "pending_of": (
        "경고 구간 {needed}개 중 {seen}개째, 다음 경고 구간에 알림",
        "window {seen} of {needed} at warning; then it fires",
    ),
    "normal_of": (
        "정상 구간 {needed}개 중 {seen}개째, 다 차면 해소",
        "window {seen} of {needed} at normal; then it is resolved",
    ),
    "kept_elevated": (
        "정상 범위로 돌아와야 해소됩니다(두 기준 사이에서는 상태 유지).",
        "Resolves only back in the normal range; between the bounds it stays.",
    ),
    "nothing_to_tell": ("보낼 알림 없음", "nothing to send"),
    "told": ("{at} '{reason}' 알림 전송: {where}", "sent at {at}: {reason}, through {where}"),
    "nowhere": ("채널 없음", "no channel"),
    "waits": (
        "'{reason}' 알림이 {channel} 채널에서 전송 대기 중(실패 {attempts}회)",
        "{reason} waits for {channel} ({attempts} failures)",
    ),
    "given_up": ("{channel}(전달 포기)", "{channel} (given up)"),
    "on_its_way": ("{channel}(대기, 실패 {attempts}회)", "{channel} (waits, {attempts} failures)"),
    "next_reminder": ("다음 재알림까지 {span}", "next reminder in {span}"),
    "inhibited_by": ("{rule}(으)로 설명되어 따로 알리지 않음", "inhibited by {rule}, which explains it"),
    "silenced_until": ("{at}까지 알림 중지: {reason} ({id})", "silenced until {at}: {reason} ({id})"),
    "alert": ("경고", "alert"),
    "state": ("상태", "state"),
    "from_when": ("시작", "since"),
    "silent_because": ("알리지 않는 이유", "silent because"),
    "when": ("시각", "when"),
    "reason": ("사유", "reason"),
    "rules": ("규칙", "rules"),
    "channels": ("채널", "channels"),
    "id": ("번호", "id"),
    "until": ("종료", "until"),
    "by": ("설정", "by"),
    "no_alerts": ("발생 중인 경고가 없습니다.", "Nothing fires."),
    "told_before": ("보낸 알림", "sent"),
    "silence_added": ("{id}: {what} 알림을 {until}까지 중지합니다.", "{id}: {what} is silent until {until}"),
    "silence_ended": ("{id}: 알림 중지를 끝냈습니다.", "{id}: ended"),
    "no_silences": ("알림 중지가 없습니다.", "No silences."),
    "backtest_title": ("백테스트", "backtest"),
    "backtest_counts": (
        "구간 {ticks}개 판정 · 경고 {alerts}건 · 알림 {notifications}건 · 늦은 로그 {late}건",
        "{ticks} windows judged · {alerts} alerts · {notifications} messages · {late} late entries",
    ),
    "backtest_alerts": ("경고", "alerts"),
    "pending_at": ("대기", "pending"),
    "firing_at": ("발생", "firing"),
    "resolved_col": ("해소", "over"),
    "peak_col": ("최악", "worst"),
    "nothing_sent": ("보낼 알림이 없었습니다.", "Nothing would have been sent."),
    # the exit conditions
    "exit_title": ("Beta 종료 조건(런북 7장)", "Exit conditions of the beta (runbook section 7)"),
    "may_end": ("{of}개 조건을 모두 충족합니다. Beta를 종료할 수 있습니다.", "All {of} conditions are met: the beta may end."),
    "may_not_end": (
        "{of}개 조건 중 {met}개 충족. 아직 Beta를 종료할 수 없습니다.",
        "{met} of {of} conditions are met: the beta may not end yet.",
    ),
    "gate.met": ("충족", "met"),
    "gate.not_met": ("미충족", "not met"),
    "gate.not_shown": ("확인 불가", "not shown"),
    "condition": ("조건", "condition"),
    "needed": ("필요한 것", "what is needed"),
    "day": ("날짜", "day"),
    "gap.no_day": ("기록 없음", "no record"),
    "gap.missing_hours": ("{hours}시 기록 없음", "hours missing: {hours}"),
    "gap.not_measured": ("측정값 부족", "measured too little"),
    "gap.unstable_hours": ("{hours}시에 경고 기준 미달", "at the warning bound at {hours}"),
    "gap.late": ("경고 기준 초과가 1%를 넘음", "more than 1 % beyond the warning bound"),
    "needed.not_met": (
        "원인을 해결하고 7일을 다시 채워야 합니다: {dates}",
        "Mend the cause, then seven days in a row again: {dates}",
    ),
    "needed.more_days": ("{count}일 연속을 보아야 합니다(--days {count}).", "It takes {count} days in a row (--days {count})."),
    "needed.no_day": ("이 날짜의 로그가 필요합니다: {dates}", "The logs of {dates} are needed"),
    "needed.missing_hours": (
        "빠진 시간의 로그가 필요합니다(다른 줄은 있는데 요약이 없거나 조회 구간 밖): {dates}",
        "The missing hours' logs are needed (other lines but no summaries, or outside of what was read): {dates}",
    ),
    "needed.not_measured": (
        "LOGWATCH_ENDPOINTS를 설정한 logwatch run이 하루의 90% 이상을 측정해야 합니다: {dates}",
        "logwatch run with LOGWATCH_ENDPOINTS must have measured 90 % of the day: {dates}",
    ),
    # files for Cloud Monitoring
    "link_runs": ("logwatch 실행 로그", "logwatch's run lines"),
    "link_dashboards": ("대시보드", "Dashboards"),
    "dash_title": ("런북 3장 지표 – logwatch ({environment})", "Runbook section 3 – logwatch ({environment})"),
    "dash_levels": ("현재 수준 (0 정상, 1 주의, 2 경고)", "Levels now (0 normal, 1 elevated, 2 warning)"),
    "dash_figures": ("지표와 두 기준", "Figures and both bounds"),
    "dash_procedures": ("경고 대응 절차 (런북 4장)", "What to do (runbook, section 4)"),
    "dash_heartbeat": ("실행 신호", "Heartbeat"),
    "dash_lag": ("판정 지연", "Lag of judging"),
    "dash_run_time": ("실행 시간", "Run time"),
    "dash_undelivered": ("전송 대기 중인 알림", "Messages not delivered yet"),
    "dash_unparsed": ("해석하지 못한 로그", "Entries not understood"),
    # a backtest's days, comparisons, known incidents, settings
    "weekdays": ("월 화 수 목 금 토 일", "Mon Tue Wed Thu Fri Sat Sun"),
    "incidents_by_day": ("날짜별 인시던트", "incidents by day"),
    "lasted_col": ("지속", "lasted"),
    "told_col": ("알림", "told"),
    "and_goes_on": ("(진행 중)", "(still going)"),
    "step_short": (" ▶{step}단계", " ▶step {step}"),
    "quiet_day": ("인시던트 없음", "no incident"),
    "comparison_title": ("규칙 비교", "two rule sets compared"),
    "sides": ("이전 {before} → 이후 {after}", "before {before} → after {after}"),
    "short_span": (
        "기록이 하루보다 짧아, 하루나 한 주 단위의 수치는 환산한 값입니다.",
        "The recording is shorter than a day: rates a day or a week are projected.",
    ),
    "by_procedure": ("절차별 경고와 알림", "alerts and messages by procedure"),
    "messages_a_day": ("알림/일", "messages a day"),
    "fired": ("발생 (이전 → 이후)", "fired (before → after)"),
    "gained": ("추가", "gained"),
    "lost": ("사라짐", "lost"),
    "earlier": ("빨라짐", "earlier"),
    "later": ("늦어짐", "later"),
    "total": ("합계", "total"),
    "changed_alerts": ("달라진 경고", "alerts that change"),
    "change": ("변화", "change"),
    "nothing_changed": ("두 규칙의 경고가 모두 같습니다.", "Both rule sets fire the same alerts at the same times."),
    "score_title": ("알려진 인시던트와 비교", "held against known incidents"),
    "outcome": ("결과", "outcome"),
    "found": ("탐지", "found"),
    "missed_incident": ("미탐지", "missed"),
    "not_covered": ("기록 밖", "not covered"),
    "took": ("탐지까지", "took"),
    "step_col": ("단계", "step"),
    "what": ("내용", "what"),
    "named_later": (", 나중에 맞음", ", right later"),
    "found_of": ("{covered}건 중 {found}건 탐지", "{found} of {covered} found"),
    "median_took": ("탐지까지 중앙값 {took}", "median time to find {took}"),
    "false_per_day": ("오탐 하루 {rate}건(총 {count}건)", "false alarms {rate} a day ({count} in all)"),
    "procedure_right": ("절차 일치 {right}/{among}", "right procedure {right}/{among}"),
    "step_right": ("단계 일치 {right}/{among}", "right step {right}/{among}"),
    "false_alarms": ("오탐", "false alarms"),
    "tuning_title": ("{rule}: 설정에 따른 결과", "{rule}: what other settings would have come to"),
    "tuning_note": (
        "이 규칙만 단독으로 판정한 결과입니다. 늦게 도착한 로그도 제때 도착한 것으로 봅니다.",
        "This rule judged alone; late lines count as if they had come in time.",
    ),
    "tuning_star": ("한 번에 한 설정만 바꾼 결과", "one setting at a time, the others as they are today"),
    "tuning_grid": ("설정 조합별 결과", "every combination"),
    "setting": ("설정", "setting"),
    "alerts_a_week": ("경고/주", "alerts/wk"),
    "messages_a_week": ("알림/주", "messages/wk"),
    "found_col": ("탐지", "found"),
    "median_col": ("중앙값", "median"),
    "false_a_week": ("오탐/주", "false/wk"),
    "today_mark": ("◀ 현재", "◀ today"),
    # rules check, test, new
    "rule_added": ("추가함: {place}", "added: {place}"),
    "rule_next": (
        "기준과 문구를 다듬은 뒤 logwatch rules check && logwatch rules test를 실행하세요.",
        "Adjust bounds and words there, then: logwatch rules check && logwatch rules test",
    ),
    "rules_agree": (
        (
            "규칙 {count}개: 런북 {runbook}개, 직접 추가 {own}개, logwatch 자체 감시 {watching}개."
            " {path} 3장의 {rows}개 행과 일치합니다."
        ),
        (
            "{count} rules: {runbook} of the runbook and {own} of your own; {watching} more watch logwatch itself."
            " They agree with the {rows} rows of section 3 in {path}."
        ),
    ),
    "uncovered_counter": (
        "경고: 로그에 있는 '{name}' 카운터를 다루는 규칙이나 절차가 없습니다",
        "warning: the logs carry '{name}', and no rule or procedure knows it",
    ),
    "cases_passed": ("테스트 케이스 {count}개 통과", "{count} cases passed"),
    # reasons of unparsed entries
    "reason.not_json": ("JSON이 아님", "not JSON"),
    "reason.cut_off": ("중간에 잘림", "cut off"),
    "reason.too_long": ("항목이 32 MiB를 넘음", "an entry of over 32 MiB"),
    "reason.not_an_entry": ("LogEntry 형식이 아님", "not a LogEntry"),
    "reason.no_timestamp": ("시각이 없거나 잘못됨", "no usable timestamp"),
    "reason.counters_lost": ("카운터가 유실됨", "counters lost"),
    "reason.bad_slow_request": ("느린 요청 로그에 label이나 durationMs가 없음", "a slow request without label or durationMs"),
    "reason.incomplete_block": ("여러 줄로 나뉜 JSON이 완성되지 않음", "JSON over several lines that never completes"),
    "reason.damaged_gzip": ("손상된 gzip: 이후 내용은 읽지 못함", "damaged gzip: what follows could not be read"),
    # flaws of single counters
    "flaw.negative": ("음수", "negative"),
    "flaw.not_finite": ("유한하지 않은 수", "not finite"),
    "flaw.not_a_number": ("숫자가 아님", "not a number"),
    "flaw.malformed_key": (
        "닫는 중괄호가 없는 키(이름 그대로 집계)",
        "key without its closing brace (counted under its whole name)",
    ),
    # the message that tries the channels
    "reason_test": ("시험", "TEST"),
    "test_headline": ("[시험] logwatch 알림 채널 확인", "[TEST] logwatch tries this channel"),
    "test_subject": ("[logwatch] 시험 메시지", "[logwatch] test message"),
    "test_note": (
        "logwatch doctor --send-test로 보낸 시험 메시지입니다. {service}에 이상이 생긴 것이 아니며, 조치할 것이 없습니다.",
        "Sent by logwatch doctor --send-test. Nothing is wrong with {service}, and nothing is to be done.",
    ),
    # what doctor checks
    "check.settings": ("설정", "settings"),
    "check.clock": ("시계", "clock"),
    "check.logs": ("로그 읽기", "reading logs"),
    "check.quota": ("읽기 한도", "read quota"),
    "check.lines": ("요약 로그", "summaries"),
    "check.lag": ("도착 지연", "lag"),
    "check.rhythm": ("60초 주기", "60 s rhythm"),
    "check.metrics": ("지표 쓰기", "writing metrics"),
    "check.ping": ("실행 확인 신호", "ping"),
    "check.endpoint": ("엔드포인트", "endpoint"),
    "check.state": ("상태 문서", "state"),
    "check.test": ("시험 전송", "test message"),
    # what doctor finds
    "doctor.plain": ("{text}", "{text}"),
    "doctor.error": ("실패: {error}", "failed: {error}"),
    "doctor.late": ("{limit}초 안에 끝나지 않음", "not done within {limit} s"),
    "doctor.broken": ("logwatch 자체 오류: {kind}", "an error of logwatch itself: {kind}"),
    "doctor.settings.fine": ("{source}, 알림 채널: {channels}", "{source}, channels: {channels}"),
    "doctor.settings.no_channel": ("설정된 알림 채널이 없음", "no channel is set up"),
    "doctor.settings.stray": ("없는 설정이라 무시함: {names}", "no such setting, so ignored: {names}"),
    "doctor.not_set_up": ("설정하지 않음", "not set up"),
    "doctor.clock.fine": ("{against} 기준 오차 {off}초", "off by {off} s against {against}"),
    "doctor.clock.ahead": ("{against}보다 {off}초 빠름", "{off} s ahead of {against}"),
    "doctor.clock.behind": ("{against}보다 {off}초 느림", "{off} s behind {against}"),
    "doctor.clock.unknown": ("비교할 시각을 얻지 못함", "nobody told the time"),
    "doctor.clock.set": ("LOGWATCH_NOW로 고정한 시각을 사용 중", "the time is set by LOGWATCH_NOW"),
    "doctor.logs.read": ("{project}에서 최근 1시간 로그 {entries}건", "{entries} entries of the last hour in {project}"),
    "doctor.quota.fine": (
        "거절 없이 {calls}회 읽음(프로젝트당 분당 60회까지)",
        "reads: {calls}, none refused (a project has 60 a minute)",
    ),
    "doctor.quota.used": ("분당 60회 한도를 다 써서 읽지 못함", "the 60 reads a minute are used up"),
    "doctor.lines.unread": ("로그를 읽지 못해 알 수 없음", "not known: the log could not be read"),
    "doctor.lines.none": ("최근 1시간에 요약 로그가 없음", "no summary in the last hour"),
    "doctor.lines.found": (
        "요약 {summaries}줄, 느린 요청 {slow}줄, 인스턴스 {instances}개, 최신 {newest}초 전",
        "{summaries} summaries, {slow} slow requests, {instances} instances, the newest {newest} s ago",
    ),
    "doctor.lines.some_lost": (
        "요약 {count}줄이 개발용 형식이라 카운터가 없음",
        "{count} summaries have the development format, without their counters",
    ),
    "doctor.lines.development": (
        "요약 {count}줄이 모두 개발용 로그 형식이라 카운터가 사라짐",
        "every summary ({count}) has the development format: the counters are lost",
    ),
    "doctor.lines.beta_off": (
        "{service}의 다른 로그는 있는데 요약만 없음: {switch}가 꺼져 있음",
        "{service} logs, but no summaries: {switch} is off",
    ),
    "doctor.lines.silent": ("{service}의 다른 로그는 있는데 요약만 없음", "{service} logs, but no summaries"),
    "doctor.lines.location": (
        "{service} 로그는 {others}에 있음(LOGWATCH_LOCATION={location})",
        "{service} logs in {others}, not in {location}",
    ),
    "doctor.lines.service": (
        "{service}의 로그는 없고 다른 서비스의 로그만 있음: {others}",
        "{service} logs nothing, other services do: {others}",
    ),
    "doctor.lines.older": (
        "{service}의 마지막 로그는 {when}, 최근 1시간에는 로그가 없음",
        "the last line of {service} is of {when}: it has logged nothing in the last hour",
    ),
    "doctor.lines.no_service": (
        "{project}의 Cloud Run 서비스 로그가 최근 30일간 없음(다른 로그는 {when}까지 있음). 기본 보관 기간은 30일",
        "no Cloud Run service of {project} logged in 30 days, which is as long as logs are kept; something else did, at {when}",
    ),
    "doctor.lines.nothing": (
        (
            "{project}에 최근 30일간(기본 보관 기간) 로그가 한 줄도 없음: 프로젝트가 다르거나 _Default 싱크가 꺼져 있음."
            " 필터에는 severity 조건이 없음"
        ),
        (
            "there is not one line in {project} in 30 days, which is as long as logs are kept: it is another project, or its"
            " sink _Default is off; the filter asks for no severity"
        ),
    ),
    "doctor.lag.none": ("잴 로그가 없음", "no lines to measure"),
    "doctor.lag.fine": (
        "{count}줄: p50 {p50}초, p95 {p95}초, 최대 {max}초. LOGWATCH_GRACE {grace}초면 충분",
        "{count} lines: p50 {p50} s, p95 {p95} s, max {max} s; LOGWATCH_GRACE of {grace} s is enough",
    ),
    "doctor.lag.late": (
        "{count}줄: p50 {p50}초, p95 {p95}초, 최대 {max}초. LOGWATCH_GRACE {grace}초가 지나 도착한 로그 {late}줄",
        "{count} lines: p50 {p50} s, p95 {p95} s, max {max} s; {late} came after the LOGWATCH_GRACE of {grace} s",
    ),
    "doctor.rhythm.none": ("잴 요약이 없음", "too few summaries to tell"),
    "doctor.rhythm.fine": ("모든 인스턴스가 60초마다 요약을 남김", "every instance writes a summary every 60 s"),
    "doctor.rhythm.off": (
        "요약 {count}줄이 60초 주기에서 벗어남(인스턴스 {instances}개): CPU 스로틀링으로 타이머가 늦음",
        "{count} summaries are off their 60 s ({instances} instances): CPU throttling delays the timer",
    ),
    "doctor.metrics.fine": ("logwatch/doctor 지표에 쓸 수 있음", "logwatch/doctor could be written"),
    "doctor.reached": ("연결됨. 요청은 보내지 않음", "reachable; nothing was asked for"),
    "doctor.endpoint.fine": ("{state}, {shown}", "{state}, {shown}"),
    "doctor.endpoint.state": ("{state}, {shown} {error}", "{state}, {shown} {error}"),
    "doctor.endpoint.absent": ("해당 없음(이 빌드에는 없음)", "does not apply: this build has none"),
    "doctor.endpoint.beta_off": ("{switch}가 꺼져 있음", "{switch} is off"),
    "doctor.state.fine": ("{size}KB를 읽고 그대로 다시 저장함", "{size} KB, loaded and saved as it was"),
    "doctor.state.new": ("아직 없어서 빈 문서를 만듦({size}KB)", "there was none yet: an empty one was made ({size} KB)"),
    "doctor.state.leased": (
        "다른 실행({owner})이 진행 중이라 저장은 시험하지 않음({until}까지)",
        "{owner} is running, so saving was not tried (until {until})",
    ),
    "doctor.state.busy": ("다른 실행이 계속 저장해 확인하지 못함", "others keep saving: not found out"),
    "doctor.state.passing": (
        "이 컨테이너의 파일이라 컨테이너와 함께 사라짐",
        "a file of this container, which goes with the container",
    ),
    "doctor.test.sent": ("시험 메시지를 보냄", "the test message was sent"),
    # what mends it, where that is no command
    "doctor.cure.service": (
        "LOGWATCH_SOURCE=gcp://{project}/서비스이름 (예: gcp://{project}/{service})",
        "LOGWATCH_SOURCE=gcp://{project}/SERVICE (such as gcp://{project}/{service})",
    ),
    "doctor.cure.quota": (
        "1분 뒤 다시 실행하고, {project}의 로그를 함께 읽는 도구가 있으면 LOGWATCH_READ_REQUESTS_PER_MINUTE를 낮추세요",
        "run it again in a minute; if others read the logs of {project} too, lower LOGWATCH_READ_REQUESTS_PER_MINUTE",
    ),
    "doctor.cure.token": (
        "LOGWATCH_OPS_TOKEN을 새로 발급받은 토큰으로 바꾸세요",
        "set LOGWATCH_OPS_TOKEN to a token that the application takes",
    ),
    "doctor.cure.endpoint": (
        "LOGWATCH_ENDPOINTS가 로드밸런서의 주소인지 확인하세요(run.app 주소는 외부에서 닿지 않음)",
        "LOGWATCH_ENDPOINTS must be the load balancer's address: the run.app one cannot be reached from outside",
    ),
    "doctor.cure.broken": (
        "다음 실행이 이 문서를 따로 보관하고 새로 시작합니다. 알림 중지를 다시 설정하세요",
        "the next run keeps it aside and begins afresh; set silences again",
    ),
    "doctor.cure.again": (
        "잠시 뒤 다시 실행하세요. 장애 공지: https://status.cloud.google.com",
        "run it again in a while; outages are told at https://status.cloud.google.com",
    ),
    "doctor.cure.ping": (
        "LOGWATCH_PING_URL의 호스트와 방화벽을 확인하세요",
        "check the host and firewall of LOGWATCH_PING_URL",
    ),
    "doctor.cure.source": (
        "LOGWATCH_SOURCE=gcp://프로젝트/서비스이름",
        "LOGWATCH_SOURCE=gcp://PROJECT/SERVICE",
    ),
    "doctor.cure.channel": (
        "{names} 가운데 하나를 설정하세요",
        "set one of {names}",
    ),
}


def text(key: str, lang: Lang, **values: object) -> str:
    """Give a sentence in a language, its places filled."""
    ko, en = TEXTS[key]
    return (ko if lang == "ko" else en).format(**values)
