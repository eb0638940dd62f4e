output "build_command" {
  description = "Tests, builds and deploys what is in the current folder, a clone of the repository: once after the first apply, and for an upgrade."
  value = join(" && ", [
    "gcloud builds submit . --config=deploy/test.yaml ${local.build_options} --substitutions=_NAME=${var.name}",
    "gcloud builds submit . --config=cloudbuild.yaml ${local.build_options} --substitutions=_NAME=${var.name},_REGION=${var.region},_AS=${var.run_as},_COMMIT=\"$(${local.commit})\"",
  ])
}

output "doctor_command" {
  description = "Tries all that a run needs, with its rights and secrets."
  value = local.is_job ? "gcloud run jobs execute ${var.name} --args=doctor --wait ${local.run_options}" : join(" && ", [
    "image=$(gcloud run services describe ${var.name} ${local.run_options} --format='value(spec.template.spec.containers[0].image)')",
    "gcloud run jobs update ${var.name}-doctor --image=$image ${local.run_options}",
    "gcloud run jobs execute ${var.name}-doctor --wait ${local.run_options}",
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
  commit        = "git describe --always --abbrev=9 --dirty=+ --exclude='*'" # what `logwatch --version` names
  run_options   = "--project=${var.project} --region=${var.region}"
  build_options = "--project=${var.project} --region=${coalesce(var.build_region, var.region)} --gcs-source-staging-dir=gs://${google_storage_bucket.this["source"].name}/source"
}
