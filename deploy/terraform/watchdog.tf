# What tells people when logwatch itself is silent: the files that `logwatch cloud` writes, for this installation's environment and service.

locals {
  policies_folder = coalesce(var.policies_folder, "${local.files}/policies")
  own_environment = lookup(local.environment, "LOGWATCH_ENVIRONMENT", "production")
  own_service     = basename(lookup(local.environment, "LOGWATCH_SOURCE", "o4o-core-api"))

  watchers = {
    for name, file in merge(
      { for file in fileset(local.policies_folder, "*.json") : trimsuffix(file, ".json") => "${local.policies_folder}/${file}" },
      { dashboard = coalesce(var.dashboard_file, "${local.files}/dashboard.json") },
    ) :
    name => jsondecode(replace(replace(replace(replace(
      file(file),
      "(production)", "(${local.own_environment})"),
      "namespace=\\\"production", "namespace=\\\"${local.own_environment}"),
      "\"environment\": \"production\"", "\"environment\": \"${lower(local.own_environment)}\""),
    "o4o-core-api", local.own_service)) if var.watch_itself
  }
  channels = concat([for channel in google_monitoring_notification_channel.email : channel.name], tolist(var.notification_channels))
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.notification_emails

  project      = var.project
  type         = "email"
  display_name = "${var.name}: ${each.value}"
  labels       = { email_address = each.value }
  user_labels  = local.labels

  depends_on = [google_project_service.this]
}

resource "google_monitoring_alert_policy" "this" {
  for_each = { for name, policy in local.watchers : name => policy if name != "dashboard" }

  project               = var.project
  display_name          = each.value.displayName
  severity              = each.value.severity
  user_labels           = merge(each.value.userLabels, local.labels)
  combiner              = each.value.combiner
  notification_channels = concat(local.channels, lookup(each.value, "notificationChannels", []))

  dynamic "conditions" {
    for_each = each.value.conditions

    content {
      display_name = conditions.value.displayName

      dynamic "condition_absent" {
        for_each = [for given in [lookup(conditions.value, "conditionAbsent", null)] : given if given != null]

        content {
          filter   = condition_absent.value.filter
          duration = condition_absent.value.duration

          dynamic "aggregations" {
            for_each = condition_absent.value.aggregations

            content {
              alignment_period   = aggregations.value.alignmentPeriod
              per_series_aligner = aggregations.value.perSeriesAligner
            }
          }

          trigger {
            count = condition_absent.value.trigger.count
          }
        }
      }

      dynamic "condition_matched_log" {
        for_each = [for given in [lookup(conditions.value, "conditionMatchedLog", null)] : given if given != null]

        content {
          filter = condition_matched_log.value.filter
        }
      }

      dynamic "condition_threshold" {
        for_each = [for given in [lookup(conditions.value, "conditionThreshold", null)] : given if given != null]

        content {
          filter                  = condition_threshold.value.filter
          comparison              = condition_threshold.value.comparison
          threshold_value         = condition_threshold.value.thresholdValue
          duration                = condition_threshold.value.duration
          evaluation_missing_data = lookup(condition_threshold.value, "evaluationMissingData", null)

          dynamic "aggregations" {
            for_each = condition_threshold.value.aggregations

            content {
              alignment_period   = aggregations.value.alignmentPeriod
              per_series_aligner = aggregations.value.perSeriesAligner
            }
          }

          trigger {
            count = condition_threshold.value.trigger.count
          }
        }
      }
    }
  }

  alert_strategy {
    auto_close           = each.value.alertStrategy.autoClose
    notification_prompts = lookup(each.value.alertStrategy, "notificationPrompts", null)

    dynamic "notification_rate_limit" {
      for_each = [for given in [lookup(each.value.alertStrategy, "notificationRateLimit", null)] : given if given != null]

      content {
        period = notification_rate_limit.value.period
      }
    }
  }

  documentation {
    subject   = each.value.documentation.subject
    mime_type = each.value.documentation.mimeType
    content   = each.value.documentation.content

    dynamic "links" {
      for_each = each.value.documentation.links

      content {
        display_name = links.value.displayName
        url          = links.value.url
      }
    }
  }

  depends_on = [google_project_service.this]

  lifecycle {
    precondition {
      condition     = var.config == null || (var.policies_folder != null && var.dashboard_file != null)
      error_message = "With a settings file, give policies_folder and dashboard_file, which `logwatch cloud` writes of it."
    }

    precondition {
      condition     = each.value.userLabels.environment == lower(local.own_environment)
      error_message = "The policy watches figures of the environment ${each.value.userLabels.environment}, and this installation writes those of another one. Give policies_folder, written by: LOGWATCH_ENVIRONMENT=… logwatch cloud policies --output FOLDER."
    }
  }
}

resource "google_monitoring_dashboard" "this" {
  count = var.watch_itself ? 1 : 0

  project        = var.project
  dashboard_json = jsonencode(merge(local.watchers.dashboard, { labels = merge(local.watchers.dashboard.labels, local.labels) }))

  depends_on = [google_project_service.this]
}
