# Google's own accounts that encrypt for the project may use the key. Cloud Storage's is made by being asked for; the others are there once
# their API is on and `gcloud beta services identity create` was run for it: the README has the commands.

locals {
  agents = var.key == null ? {} : {
    storage          = data.google_storage_project_service_account.this[0].email_address
    artifactregistry = "service-${data.google_project.this[0].number}@gcp-sa-artifactregistry.iam.gserviceaccount.com"
    secretmanager    = "service-${data.google_project.this[0].number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
    run              = "service-${data.google_project.this[0].number}@serverless-robot-prod.iam.gserviceaccount.com"
  }
}

data "google_storage_project_service_account" "this" {
  count = var.key == null ? 0 : 1

  project = var.project

  depends_on = [google_project_service.this]
}

resource "google_kms_crypto_key_iam_member" "this" {
  for_each = local.agents

  crypto_key_id = var.key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${each.value}"
}
