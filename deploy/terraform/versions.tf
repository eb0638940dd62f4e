terraform {
  # Values of secrets are write-only arguments, which neither plan nor state ever holds: Terraform has them since 1.11.
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.7"
    }
  }
}
