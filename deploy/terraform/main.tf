# Accounts, their rights, buckets and images: what deploy/setup.sh makes, under the same names.

locals {
  labels  = { made-by = var.name }
  runner  = "serviceAccount:${google_service_account.this["runner"].email}"
  builder = "serviceAccount:${google_service_account.this["builder"].email}"
  caller  = "serviceAccount:${google_service_account.this["caller"].email}"
  files   = "${path.module}/.."
  accounts = {
    runner  = "reads logs, writes metrics, remembers"
    caller  = "calls it every minute"
    tester  = "runs its tests"
    builder = "builds and deploys it"
  }
  # The provider itself asks Cloud Resource Manager about the project.
  apis = concat([
    "artifactregistry", "cloudbuild", "cloudresourcemanager", "cloudscheduler", "iam", "logging", "monitoring", "run",
    "secretmanager", "storage",
  ], var.key == null ? [] : ["cloudkms"])
  # What a settings file takes: role and resource, a line each.
  right_lines  = var.config == null ? [] : split("\n", trimspace(file(var.config.rights)))
  rights       = [for line in local.right_lines : split(" ", line)]
  reads_itself = var.config == null ? var.log_view == null : contains(local.right_lines, "roles/logging.viewer projects/${var.project}")
  views        = var.config != null ? [for right in local.rights : right[1] if strcontains(right[1], "/views/")] : var.log_view[*]
  buckets = {
    state  = { versioning = true, delete = var.delete_state }
    source = { versioning = false, delete = true }
  }
}

resource "google_project_service" "this" {
  for_each = toset(local.apis)

  project            = var.project
  service            = "${each.value}.googleapis.com"
  disable_on_destroy = false # others may use them
}

resource "google_service_account" "this" {
  for_each = local.accounts

  project      = var.project
  account_id   = "${var.name}-${each.key}"
  display_name = "${var.name}: ${each.value}"

  depends_on = [google_project_service.this]
}

resource "google_project_iam_member" "runner" {
  for_each = toset(concat(local.reads_itself ? ["roles/logging.viewer"] : [], ["roles/monitoring.metricWriter", "roles/monitoring.viewer"]))

  project = var.project
  role    = each.value
  member  = local.runner
}

# Other projects that a settings file names; whoever applies this has to be allowed to change who has which right there.
resource "google_project_iam_member" "elsewhere" {
  for_each = {
    for right in local.rights : join(" ", right) => right
    if startswith(right[1], "projects/") && !strcontains(right[1], "/views/") && right[1] != "projects/${var.project}"
  }

  project = trimprefix(each.value[1], "projects/")
  role    = each.value[0]
  member  = local.runner
}

resource "google_storage_bucket_iam_member" "elsewhere" {
  for_each = toset([
    for right in local.rights : trimprefix(right[1], "gs://")
    if startswith(right[1], "gs://") && right[1] != "gs://${var.project}-${var.name}-state"
  ])

  bucket = each.value
  role   = "roles/storage.objectUser"
  member = local.runner
}

# The least right to read: one view of the logs, and not every log of the project.
resource "google_logging_log_view_iam_member" "runner" {
  for_each = { for view in local.views : view => split("/", view) }

  parent   = "projects/${each.value[1]}"
  location = each.value[3]
  bucket   = each.value[5]
  name     = each.value[7]
  role     = "roles/logging.viewAccessor"
  member   = local.runner
}

resource "google_project_iam_member" "build" {
  for_each = toset(["tester", "builder"])

  project = var.project
  role    = "roles/logging.logWriter"
  member  = "serviceAccount:${google_service_account.this[each.value].email}"
}

resource "google_service_account_iam_member" "builder" {
  service_account_id = google_service_account.this["runner"].name
  role               = "roles/iam.serviceAccountUser"
  member             = local.builder
}

resource "google_storage_bucket" "this" {
  for_each = local.buckets

  project                     = var.project
  name                        = "${var.project}-${var.name}-${each.key}"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = each.value.delete

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  versioning {
    enabled = each.value.versioning
  }

  dynamic "encryption" {
    for_each = var.key[*]

    content {
      default_kms_key_name = encryption.value
    }
  }

  dynamic "lifecycle_rule" {
    for_each = jsondecode(file("${local.files}/${each.key}-lifecycle.json")).rule

    content {
      action {
        type = lifecycle_rule.value.action.type
      }
      condition {
        age                        = lookup(lifecycle_rule.value.condition, "age", null)
        days_since_noncurrent_time = lookup(lifecycle_rule.value.condition, "daysSinceNoncurrentTime", null)
      }
    }
  }

  depends_on = [google_project_service.this, google_kms_crypto_key_iam_member.this]
}

resource "google_storage_bucket_iam_member" "state" {
  bucket = google_storage_bucket.this["state"].name
  role   = "roles/storage.objectUser"
  member = local.runner
}

resource "google_storage_bucket_iam_member" "source" {
  for_each = toset(["tester", "builder"])

  bucket = google_storage_bucket.this["source"].name
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:${google_service_account.this[each.value].email}"
}

resource "google_artifact_registry_repository" "this" {
  project                = var.project
  location               = var.region
  repository_id          = var.name
  format                 = "DOCKER"
  description            = "Images of ${var.name}"
  labels                 = merge(local.labels, var.build_region == null ? {} : { build-region = var.build_region })
  kms_key_name           = var.key
  cleanup_policy_dry_run = false

  dynamic "cleanup_policies" {
    for_each = jsondecode(file("${local.files}/keep-images.json"))

    content {
      id     = cleanup_policies.value.name
      action = upper(cleanup_policies.value.action.type)

      dynamic "condition" {
        for_each = [for given in [lookup(cleanup_policies.value, "condition", null)] : given if given != null]

        content {
          older_than = "${24 * 3600 * tonumber(trimsuffix(condition.value.olderThan, "d"))}s" # the provider knows seconds
        }
      }

      dynamic "most_recent_versions" {
        for_each = [for given in [lookup(cleanup_policies.value, "mostRecentVersions", null)] : given if given != null]

        content {
          keep_count = most_recent_versions.value.keepCount
        }
      }
    }
  }

  depends_on = [google_project_service.this, google_kms_crypto_key_iam_member.this]
}

resource "google_artifact_registry_repository_iam_member" "builder" {
  project    = var.project
  location   = var.region
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.writer"
  member     = local.builder
}

# Acquires the bucket that every project has; taking this away leaves it as it is.
resource "google_logging_project_bucket_config" "default" {
  count = var.custom_index ? 1 : 0

  project        = var.project
  location       = "global"
  bucket_id      = "_Default"
  retention_days = var.log_retention_days

  index_configs {
    field_path = "jsonPayload.message"
    type       = "INDEX_TYPE_STRING"
  }

  depends_on = [google_project_service.this]
}
