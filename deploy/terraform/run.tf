# What runs, and what calls it. A build (the output build_command) puts the image in and leaves the rest as it is said here.

locals {
  samples = "us-docker.pkg.dev/cloudrun/container"
  is_job  = var.run_as == "job"
  egress  = upper(replace(var.egress, "-", "_"))
  address = local.is_job ? null : "https://${var.name}-${data.google_project.this[0].number}.${var.region}.run.app"

  # A service has a job beside it, which tries what the service needs, with its settings and rights.
  jobs = local.is_job ? { (var.name) = "run" } : { "${var.name}-doctor" = "doctor" }

  # The figures of two installations in one project stand apart by this.
  name_settings = var.name == "logwatch" ? {} : { LOGWATCH_ENVIRONMENT = var.name }

  # Cloud Run checks the caller's token and takes its signature off; logwatch checks what is left: whose it is, and for which address.
  # Calls are paid for by the second, so they wait for second 5 of the minute and not for 20.
  serve_settings = local.is_job ? {} : merge({
    LOGWATCH_SERVE_AUDIENCE  = local.address
    LOGWATCH_SERVE_SIGNATURE = "removed"
    LOGWATCH_SERVE_CALLER    = google_service_account.this["caller"].email
    LOGWATCH_STARTS          = "5s"
  }, contains(keys(var.settings), "LOGWATCH_STARTS") ? {} : { LOGWATCH_EARLY = "5s" })

  # Where the settings file is, and whether it is there yet.
  config_folder = "/etc/logwatch"
  config_secret = var.config == null ? [] : var.config.empty ? [] : [google_secret_manager_secret.this["config"].secret_id]

  # The figures of all targets go to one project, whose dashboard and policies see them.
  watched = var.config == null ? {
    LOGWATCH_SOURCE = "gcp://${var.log_view == null ? var.project : trimprefix(var.log_view, "projects/")}/${var.service}"
    } : {
    LOGWATCH_CONFIG          = "${local.config_folder}/logwatch.toml"
    LOGWATCH_METRICS_PROJECT = var.project
  }

  environment = merge(local.watched, {
    LOGWATCH_STATE = "gs://${google_storage_bucket.this["state"].name}/state.json"
  }, local.name_settings, local.serve_settings, var.settings)
}

data "google_project" "this" {
  count = local.is_job && var.key == null ? 0 : 1

  project_id = var.project

  depends_on = [google_project_service.this]
}

resource "google_cloud_run_v2_job" "this" {
  for_each = local.jobs

  project             = var.project
  location            = var.region
  name                = each.key
  labels              = local.labels
  deletion_protection = false # it holds nothing: the state is in its bucket

  template {
    task_count = each.value == "run" ? var.tasks : 1

    template {
      service_account = google_service_account.this["runner"].email
      encryption_key  = var.key
      max_retries     = 0 # the next minute is the retry
      timeout         = "75s"

      dynamic "vpc_access" {
        for_each = var.network[*]

        content {
          egress = local.egress

          network_interfaces {
            network    = vpc_access.value
            subnetwork = var.subnet
          }
        }
      }

      dynamic "volumes" {
        for_each = local.config_secret

        content {
          name = "config"

          secret {
            secret = volumes.value

            items {
              path    = "logwatch.toml"
              version = "latest"
            }
          }
        }
      }

      containers {
        image = "${local.samples}/job:latest"
        args  = [each.value]

        resources {
          limits = { cpu = "1", memory = "512Mi" }
        }

        dynamic "volume_mounts" {
          for_each = local.config_secret

          content {
            name       = "config"
            mount_path = local.config_folder
          }
        }

        dynamic "env" {
          for_each = local.environment

          content {
            name  = env.key
            value = env.value
          }
        }

        dynamic "env" {
          for_each = toset(local.given_secrets)

          content {
            name = local.known_secrets[env.value]

            value_source {
              secret_key_ref {
                secret  = google_secret_manager_secret.this[env.value].secret_id
                version = "latest"
              }
            }
          }
        }
      }
    }
  }

  depends_on = [
    google_secret_manager_secret_version.this, google_secret_manager_secret_iam_member.runner, google_kms_crypto_key_iam_member.this,
  ]

  lifecycle {
    ignore_changes = [client, client_version, template[0].template[0].containers[0].image, template[0].template[0].containers[0].name]
  }
}

resource "google_cloud_run_v2_service" "this" {
  count = local.is_job ? 0 : 1

  project             = var.project
  location            = var.region
  name                = var.name
  labels              = local.labels
  ingress             = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  custom_audiences    = [local.address]
  deletion_protection = false

  template {
    service_account                  = google_service_account.this["runner"].email
    encryption_key                   = var.key
    max_instance_request_concurrency = 8
    timeout                          = "80s"

    dynamic "vpc_access" {
      for_each = var.network[*]

      content {
        egress = local.egress

        network_interfaces {
          network    = vpc_access.value
          subnetwork = var.subnet
        }
      }
    }

    scaling {
      min_instance_count = 0
      max_instance_count = 1
    }

    dynamic "volumes" {
      for_each = local.config_secret

      content {
        name = "config"

        secret {
          secret = volumes.value

          items {
            path    = "logwatch.toml"
            version = "latest"
          }
        }
      }
    }

    containers {
      image = "${local.samples}/hello:latest"
      args  = ["serve"]

      resources {
        limits   = { cpu = "1", memory = "512Mi" }
        cpu_idle = true # no CPU between requests, so none is paid for
      }

      startup_probe {
        http_get {
          path = "/healthz"
        }
      }

      liveness_probe {
        period_seconds    = 60
        timeout_seconds   = 5
        failure_threshold = 2

        http_get {
          path = "/healthz"
        }
      }

      dynamic "volume_mounts" {
        for_each = local.config_secret

        content {
          name       = "config"
          mount_path = local.config_folder
        }
      }

      dynamic "env" {
        for_each = local.environment

        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = toset(local.given_secrets)

        content {
          name = local.known_secrets[env.value]

          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.this[env.value].secret_id
              version = "latest"
            }
          }
        }
      }
    }
  }

  depends_on = [
    google_secret_manager_secret_version.this, google_secret_manager_secret_iam_member.runner, google_kms_crypto_key_iam_member.this,
  ]

  lifecycle {
    ignore_changes = [client, client_version, template[0].revision, template[0].containers[0].image, template[0].containers[0].name]
  }
}

resource "google_cloud_run_v2_job_iam_member" "this" {
  for_each = local.is_job ? { "roles/run.developer" = local.builder, "roles/run.invoker" = local.caller } : {}

  project  = var.project
  location = var.region
  name     = google_cloud_run_v2_job.this[var.name].name
  role     = each.key
  member   = each.value
}

resource "google_cloud_run_v2_service_iam_member" "this" {
  for_each = local.is_job ? {} : { "roles/run.developer" = local.builder, "roles/run.invoker" = local.caller }

  project  = var.project
  location = var.region
  name     = google_cloud_run_v2_service.this[0].name
  role     = each.key
  member   = each.value
}

# A job is started through Google's own API and wants an OAuth token; a service is called and wants an OIDC token for its own address.
resource "google_cloud_scheduler_job" "this" {
  project          = var.project
  region           = var.region
  name             = var.name
  schedule         = var.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = local.is_job ? "30s" : "60s"
  paused           = var.paused

  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = "POST"
    uri         = local.is_job ? "https://run.googleapis.com/v2/projects/${var.project}/locations/${var.region}/jobs/${var.name}:run" : "${local.address}/tick"

    dynamic "oauth_token" {
      for_each = local.is_job ? [google_service_account.this["caller"].email] : []

      content {
        service_account_email = oauth_token.value
      }
    }

    dynamic "oidc_token" {
      for_each = local.is_job ? [] : [google_service_account.this["caller"].email]

      content {
        service_account_email = oidc_token.value
        audience              = local.address
      }
    }
  }

  depends_on = [google_cloud_run_v2_job_iam_member.this, google_cloud_run_v2_service_iam_member.this]
}
