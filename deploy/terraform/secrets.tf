locals {
  # Every secret that logwatch has a setting for, and the setting.
  known_secrets = {
    for secret in [
      "google-chat-url", "ops-token", "pagerduty-routing-key", "ping-url", "slack-bot-token", "slack-webhook-url",
      "smtp-password", "webhook-token", "webhook-url",
    ] : secret => "LOGWATCH_${upper(replace(secret, "-", "_"))}"
  }
  secret_location = var.secret_location != null ? var.secret_location : var.key != null ? var.region : null
  all_secrets     = merge(var.secrets, var.config == null ? {} : { config = { write = var.config.write, empty = var.config.empty } })
  given_secrets   = [for secret, how in var.secrets : secret if !how.empty]
}

resource "google_secret_manager_secret" "this" {
  for_each = local.all_secrets

  project   = var.project
  secret_id = "${var.name}-${each.key}"
  labels    = local.labels

  replication {
    dynamic "auto" {
      for_each = local.secret_location == null ? [true] : []

      content {}
    }

    dynamic "user_managed" {
      for_each = local.secret_location[*]

      content {
        replicas {
          location = user_managed.value

          dynamic "customer_managed_encryption" {
            for_each = var.key[*]

            content {
              kms_key_name = customer_managed_encryption.value
            }
          }
        }
      }
    }
  }

  depends_on = [google_project_service.this, google_kms_crypto_key_iam_member.this]
}

resource "google_secret_manager_secret_version" "this" {
  for_each = { for secret, how in local.all_secrets : secret => how.write if how.write != null }

  secret                 = google_secret_manager_secret.this[each.key].id
  secret_data_wo         = var.secret_values[each.key]
  secret_data_wo_version = each.value

  lifecycle {
    create_before_destroy = true # a run always finds one
  }
}

resource "google_secret_manager_secret_iam_member" "runner" {
  for_each = google_secret_manager_secret.this

  project   = var.project
  secret_id = each.value.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.runner
}
