"""Every text that the program says, by its key: another key is a type error, and a language without one fails a test."""

from typing import Literal

Key = Literal[
    # the report's head and columns
    "title", "span", "now", "rule", "shop", "all_shops", "all_shops_cell", "all_shops_named", "all_shops_also",
    "some_shops", "more_shops",
    "value", "down", "in_events", "in_minutes", "in_pieces", "level", "course", "worst", "at", "normal_range",
    "warning_range", "bounds", "normal_long", "warning_long", "slow_count", "slow_bound", "stretch_note", "unproven",
    "level_unproven", "procedure", "follow",
    "slow_requests", "label", "count", "route", "data", "all_normal", "warned_now", "warned_before", "counted", "instances",
    # the page
    "page_title", "nothing_judged", "some_unknown", "levels_count", "incidents_unknown",
    "incidents", "no_incidents", "goes_on", "so_far", "told_times", "due_times",
    "untold_procedures", "milestones", "milestone_onset", "milestone_over", "milestone_due", "milestone_sent",
    "milestone_unsent",
    "milestone_taken", "milestone_label",
    "milestone_revision", "milestone_revision_end",
    "besides", "charts", "calm_charts", "not_drawn", "undrawn_shops", "chart_says", "chart_slow", "chart_quiet",
    "chart_squeezed", "as_table",
    "from_to", "legend_pending", "legend_firing", "legend_unknown", "longest", "timeline", "timeline_note", "silences",
    # findings: what was left over, and its cure
    "silent_windows", "no_summaries", "found_nothing", "recording_begins", "recording_ends",
    "off_rhythm", "late", "suspect", "unparsed", "flaw", "old",
    # messages
    "against", "against_normal", "recovering", "eased_at", "eased_note", "summed", "summed_note", "summed_over",
    "since", "lasted", "worst_was", "and_more", "span_d", "span_h", "span_m", "resolved_at", "unknown_since",
    "rule_gone", "explained_by_another", "not_explained", "again", "silence_ends", "instead_of", "delivered_late", "told_late",
    "on_it", "unanswered",
    "in_a_minute", "chance_weeks", "chance_at_most", "warned_for", "lowest_was", "highest_was", "at_worst", "over_worst",
    "silence_reason", "commands",
    "chart_every", "chart_gaps", "chart_bound", "begin_here", "plain_note",
    # what a step found
    "expected.seen", "expected.not_seen", "expected.contrary", "events", "of_shop", "per_minute", "hour_before", "day_before",
    "usual", "no_past", "after", "slow_fact", "lines_none", "lines_found", "lines_found_at", "lines_found_more", "code_fact",
    "route_fact", "gauge_unanswered", "gauge_silent", "gauge_vanished", "gauge_stopped", "gauge_unheard",
    "gauge_refused", "gauge_late", "note_late",
    "note_vanished", "vanished_pair", "vanished_unread", "note_stopped", "note_unheard", "note_refused",
    "note_revision", "revision_since",
    "impact", "impact_total", "impact_minutes", "impact_usual", "impact_none", "impact_cut",
    "changed", "changed_cause", "changed_beside", "changed_before", "changed_when", "changed_earlier", "changed_later",
    "unstepped", "more_requests", "ended_unjudged", "ended_alone", "missed", "course_alt",
    "link_search", "link_logs", "link_metrics", "link_runbook", "of_runbook", "new_alert",
    # explain, alerts, silence, backtest
    "is_inactive", "never_judged", "last_window", "pending_of", "normal_of", "kept_elevated", "eased_since", "by_chance",
    "sudden_bound", "expected_pair", "evidence_stretch", "no_newest_revision",
    "told", "told_nowhere", "would_tell", "held_against", "times_likelier", "to_prove", "to_recover", "source_at",
    "acknowledged", "nowhere", "waits", "waits_unheard", "given_up", "on_its_way", "inhibited_by", "silenced_until", "alert",
    "state",
    "from_when", "silent_because", "when", "reason", "kind", "rules", "channels", "id", "until", "lifts_at",
    "by", "no_alerts", "told_before", "taken_col", "muted_now",
    "silence_added", "silence_recurs", "silence_held", "silence_ended", "silence_every", "silence_every_next",
    "silence_every_now", "silence_now",
    "all_rules", "holds", "dry_run", "would_mute", "muted",
    "muted_wholly", "muted_partly", "state_kept", "shop_unchecked", "no_silences", "state_mended", "state_sound",
    "state_rolled_back",
    "state_age", "state_ahead", "state_unjudged", "state_lease",
    "backtest_title", "backtest_counts", "backtest_alerts", "pending_at",
    "firing_at", "resolved_col", "peak_col", "runbook_col", "nothing_sent",
    # the week looked back on
    "digest_incidents",
    "digest_incident", "digest_quiet", "digest_known", "digest_lasted", "digest_procedures", "digest_count", "digest_night",
    "digest_told", "digest_taken", "digest_untaken", "digest_false", "digest_unlabelled", "digest_never", "digest_silence",
    "digest_exits", "digest_not_met", "digest_not_shown", "digest_targets", "digest_unread",
    # settings
    "setting_name", "setting_origin", "setting_value", "setting_environment", "setting_secret", "setting_made", "setting_wrong",
    "settings_file", "setting_unknown", "settings_bad_file", "settings_no_file", "settings_given", "settings_default",
    # rules check, test, new
    "rule_added", "unheard_counter", "names_near", "rule_stranger", "rule_leads_nowhere", "rule_next",
    "rules_agree", "uncovered_counter", "cases_passed", "slow_rules", "slow_rules_count", "waits_for", "short_name",
    # what a command says besides
    "reached_level", "reached_gate", "left_out", "bundled_rules",
    # the exit conditions
    "exit_title", "may_end", "may_not_end", "condition", "day", "needed_not_met", "needed_more_days", "needed_day",
    "needed_hours", "needed_measures", "exit_apart", "exit_earliest", "exit_earliest_gaps", "exit_as_of",
    "exit_today", "exit_unprovable", "exit_today_short", "exit_days",
    "exit_days_other", "exit_in_a_row", "exit_date", "exit_days_col", "exit_marks_col", "exit_date_col",
    "exit_incident", "exit_loss", "exit_loss_decides", "exit_gaps", "exit_gap", "exit_all", "exit_near", "exit_interval",
    "exit_quiet", "exit_quiet_more", "exit_zone", "exit_more", "exit_proof",
    "exit_proof_source", "exit_proof_until", "exit_proof_rules", "exit_proof_figures",
    # files for Cloud Monitoring
    "policy_fired", "policy_target", "link_runs", "link_dashboards",
    "dash_title", "dash_levels", "dash_figures", "dash_procedures",
    "dash_heartbeat", "dash_lag", "dash_run_time", "dash_judged", "dash_undelivered", "dash_unparsed",
    "axis_events", "axis_seconds",
    # a backtest's days, comparisons, known incidents, settings
    "every_day", "weekdays",
    "incidents_by_day", "lasted_col", "told_col", "and_goes_on", "step_short", "quiet_day", "comparison_title",
    "sides", "short_span", "by_procedure", "messages_a_day", "fired", "total", "changed_alerts", "change", "nothing_changed",
    "progress_left", "read_size", "read_sizes", "read_billed", "read_plan", "read_resumes", "read_kept", "read_sooner",
    "sent_title", "sent_counts", "sent_how", "replayed_at", "sent_at", "sent_why",
    "score_title", "outcome", "took", "step_col", "what", "named_later", "found_of", "median_took", "false_per_day",
    "procedure_right", "step_right", "false_alarms", "tuning_title", "tuning_note",
    "tuning_counts", "tuning_same", "tuning_star", "tuning_grid", "setting",
    "alerts_a_week", "messages_a_week", "found_col", "median_col", "false_a_week", "today_mark",
    # words that the runbook's table is read by
    "runbook_at_once",
    # the message that tries the channels
    "test_headline", "test_subject", "test_note",
]  # fmt: skip
"""Texts that are asked for by their own name; those of a closed set stand under its family, see `Worded`."""

DoctorKey = Literal[
    "plain", "error", "late", "broken", "source.not_live", "source.none", "settings.fine",
    "settings.no_channel", "settings.open", "settings.serve", "settings.lease", "not_set_up", "clock.fine",
    "clock.ahead", "clock.behind", "clock.unknown", "clock.set", "logs.read", "quota.fine", "quota.used", "lines.unread",
    "lines.none", "lines.found", "lines.some_lost", "lines.development", "lines.beta_off", "lines.silent",
    "lines.guesses", "lines.recording", "lines.misread", "lines.location",
    "lines.service", "lines.older", "lines.no_service", "lines.nothing", "lag.none", "lag.fine", "lag.late", "rhythm.none",
    "rhythm.fine", "rhythm.off", "metrics.fine", "platform.fine", "reached", "endpoint.fine", "endpoint.state",
    "endpoint.absent", "endpoint.beta_off", "state.fine", "state.new", "state.leased", "state.busy", "state.passing",
    "runs.none", "runs.last", "runs.old", "runs.ahead", "runs.long", "runs.lease_ahead", "runs.lease_left", "cure.steps",
    "test.sent", "cure.service", "cure.quota", "cure.token", "cure.endpoint", "cure.broken", "cure.again", "cure.ping",
    "cure.source", "cure.channel", "cure.said", "cure.clock",
    "oncall.fine", "oncall.stranger", "oncall.no_slack", "oncall.no_answer", "cure.oncall",
]  # fmt: skip
"""Texts of the doctor's, without the `doctor.` that each of them begins with."""

Family = Literal[
    "level", "why", "notify", "alert", "alert_is", "state", "change", "outcome", "gate", "gap", "outlook", "missed", "reason",
    "mend", "flaw", "check", "finding", "term", "next", "severity", "label", "answer", "answer_undone", "sent_as", "sent_cause",
]  # fmt: skip
"""Closed sets whose members are said, each member under `family.member`."""
