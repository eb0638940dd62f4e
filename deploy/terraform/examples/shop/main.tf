# One installation as a Cloud Run service: Slack is told of the shop, and mail that logwatch itself is silent.

terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.7"
    }
  }
}

provider "google" {
  project = var.project
  region  = "asia-northeast3"
}

variable "project" {
  type        = string
  description = "The project; may stand in terraform.tfvars."
}

variable "first" {
  type        = bool
  default     = false
  description = "True for the first apply: the secret is empty still, and Cloud Monitoring knows no figure of logwatch's."
}

module "logwatch" {
  source = "../.."

  project             = var.project
  service             = "o4o-core-api"
  run_as              = "service"
  settings            = { LOGWATCH_LANG = "ko" }
  secrets             = { slack-webhook-url = { empty = var.first } }
  notification_emails = ["ops@example.com"]
  watch_itself        = !var.first
}

output "doctor_command" {
  value = module.logwatch.doctor_command
}

output "build_command" {
  value = module.logwatch.build_command
}
