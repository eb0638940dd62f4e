output "build_command" {
  description = "Tests, builds and deploys what is in the current folder, a clone of the repository: once after the first apply, and for an upgrade."
  value = join(" ", [
    "gcloud builds submit . --config=cloudbuild.yaml --project=${var.project} --region=${coalesce(var.build_region, var.region)}",
    "--gcs-source-staging-dir=gs://${google_storage_bucket.this["source"].name}/source",
    "--substitutions='^~^_NAME=${var.name}~_REGION=${var.region}~_AS=${var.run_as}~_WATCH=${var.service}~_SETTINGS=${local.build_settings}~_SECRETS=${local.build_secrets}'",
  ])
}

output "accounts" {
  description = "Addresses of the service accounts: runner, caller and builder."
  value       = { for name, account in google_service_account.this : name => account.email }
}

output "state" {
  description = "Where the state is kept; for LOGWATCH_STATE on a desk."
  value       = local.environment.LOGWATCH_STATE
}

output "repository" {
  description = "Where the images are."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.this.name}/logwatch"
}

output "address" {
  description = "Address of the service; null for a job."
  value       = local.address
}

output "policies" {
  description = "Alert policies by file."
  value       = { for name, policy in google_monitoring_alert_policy.this : name => policy.name }
}

locals {
  build_settings = join("|", [for setting, value in var.settings : "${setting}=${value}"])
  build_secrets  = join(",", [for secret in local.given_secrets : "${local.known_secrets[secret]}=${var.name}-${secret}:latest"])
}
