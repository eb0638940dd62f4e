variable "project" {
  type        = string
  description = "ID of the project in which everything is made, and whose logs are read."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project's ID: 6 to 30 small letters, digits and hyphens, a letter first."
  }
}

variable "region" {
  type        = string
  default     = "asia-northeast3"
  description = "Where everything is made."

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region, e.g. asia-northeast3."
  }
}

variable "service" {
  type        = string
  default     = "o4o-core-api"
  description = "The Cloud Run service to watch."

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$", var.service))
    error_message = "The name of a Cloud Run service: at most 49 small letters, digits and hyphens, a letter first."
  }
}

variable "log_view" {
  type        = string
  default     = null
  description = "The view of the logs to read, with the right to it alone: projects/P/locations/L/buckets/B/views/V. Without it, all logs of the project."

  validation {
    condition     = var.log_view == null || can(regex("^projects/[^/]+/locations/[^/]+/buckets/[^/]+/views/[^/]+$", var.log_view))
    error_message = "A view's name: projects/P/locations/L/buckets/B/views/V."
  }
}

variable "name" {
  type        = string
  default     = "logwatch"
  description = "What the names of all things begin with; another one for each installation in a project."

  validation {
    # Names of service accounts have at most 30 characters, and the longest ending here is -builder.
    condition     = can(regex("^[a-z][a-z0-9-]{0,20}[a-z0-9]$", var.name))
    error_message = "2 to 22 small letters, digits and hyphens, a letter first."
  }
}

variable "run_as" {
  type        = string
  default     = "job"
  description = "job: a Cloud Run job (about 60 USD a month); service: a Cloud Run service that is called (next to nothing)."

  validation {
    condition     = contains(["job", "service"], var.run_as)
    error_message = "Right are job and service."
  }
}

variable "settings" {
  type        = map(string)
  default     = {}
  description = "Settings by their names in the environment, e.g. { LOGWATCH_SLACK_CHANNEL = \"C0123456789\" }."

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^LOGWATCH_[A-Z_]+$", name))])
    error_message = "Every setting's name begins with LOGWATCH_, e.g. LOGWATCH_LANG."
  }

  validation {
    condition     = !contains(values(var.settings), "")
    error_message = "A setting has a value; leave out what is to be as it is by itself."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), values(local.known_secrets))) == 0
    error_message = "That is a secret: name it in secrets, and give its value in secret_values."
  }
}

variable "secrets" {
  type = map(object({
    write = optional(number)
    empty = optional(bool, false)
  }))
  default     = {}
  description = <<-TEXT
    Secrets by name, e.g. slack-webhook-url:
      { write = 1 }     its value is written from secret_values; a higher number writes a new one
      { empty = true }  made, to be filled by hand; the program is not given it yet
      {}                filled by hand, and given to the program
  TEXT

  validation {
    condition     = length(setsubtract(keys(var.secrets), keys(local.known_secrets))) == 0
    error_message = "Right are ${join(", ", keys(local.known_secrets))}."
  }

  validation {
    condition     = alltrue([for secret in values(var.secrets) : !(secret.empty && secret.write != null)])
    error_message = "A secret is either written or left empty."
  }
}

variable "config" {
  type = object({
    rights = string
    write  = optional(number)
    empty  = optional(bool, false)
  })
  default     = null
  description = <<-TEXT
    A settings file with [[targets]], instead of service and log_view. It is the secret config, as `logwatch cloud ship` prints it, and
    write and empty are those of secrets. rights is a file with what `logwatch cloud rights` prints.
  TEXT

  validation {
    condition     = var.config == null || var.log_view == null
    error_message = "Views stand in the settings file's own sources."
  }
}

variable "tasks" {
  type        = number
  default     = 1
  description = "Of a job: how many tasks share the targets out among them."

  validation {
    condition     = var.tasks >= 1 && var.tasks <= 99 && floor(var.tasks) == var.tasks
    error_message = "A number from 1 to 99."
  }
}

variable "secret_values" {
  type        = map(string)
  default     = {}
  sensitive   = true
  ephemeral   = true
  description = "Values of the secrets that are written, with every plan. They go to Secret Manager alone, never into a plan or a state."

  validation {
    condition     = length(setsubtract([for secret, how in local.all_secrets : secret if how.write != null], keys(var.secret_values))) == 0
    error_message = "A secret that is written has no value in secret_values."
  }
}

variable "secret_location" {
  type        = string
  default     = null
  description = "The one region in which values of secrets are kept; if null, Google chooses, or region where there is a key."

  validation {
    condition     = var.secret_location == null || can(regex("^[a-z]+-[a-z]+[0-9]+$", var.secret_location))
    error_message = "A region, e.g. asia-northeast3."
  }
}

variable "key" {
  type        = string
  default     = null
  description = "Key of Cloud KMS that encrypts what is made, in region; the four service agents that use it get the right to."

  validation {
    condition     = var.key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.key))
    error_message = "Right is projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
}

variable "network" {
  type        = string
  default     = null
  description = "VPC network through which goes what leaves."
}

variable "subnet" {
  type        = string
  default     = null
  description = "Subnet of the network; if null, the one that has its name."

  validation {
    condition     = var.subnet == null || var.network != null
    error_message = "A subnet needs network."
  }
}

variable "egress" {
  type        = string
  default     = "private-ranges-only"
  description = "What goes through the network: private-ranges-only or all-traffic."

  validation {
    condition     = contains(["private-ranges-only", "all-traffic"], var.egress)
    error_message = "Right are private-ranges-only and all-traffic."
  }
}

variable "build_region" {
  type        = string
  default     = null
  description = "Where it is built, for projects that cannot build in region; region if null."

  validation {
    condition     = var.build_region == null || can(regex("^[a-z]+-[a-z]+[0-9]+$", var.build_region))
    error_message = "A region, e.g. asia-northeast3."
  }
}

variable "schedule" {
  type        = string
  default     = "* * * * *"
  description = "When it runs. Minutes are judged one by one with any schedule, only later."

  validation {
    condition     = length(split(" ", var.schedule)) == 5
    error_message = "Five fields of cron, e.g. */5 * * * *."
  }
}

variable "paused" {
  type        = bool
  default     = false
  description = "Whether the schedule stands still."
}

variable "watch_itself" {
  type        = bool
  default     = true
  description = "Whether alert policies and dashboard are made. Cloud Monitoring takes a policy on a figure only once the figure was written: false until a few runs are done."
}

variable "policies_folder" {
  type        = string
  default     = null
  description = "Alert policies as `logwatch cloud policies` writes them; those of this repository, in Korean, if null."
}

variable "dashboard_file" {
  type        = string
  default     = null
  description = "Dashboard as `logwatch cloud dashboard` writes it; that of this repository if null."
}

variable "notification_emails" {
  type        = set(string)
  default     = []
  description = "Addresses that Cloud Monitoring itself mails when a policy fires: a channel is made for each."

  validation {
    condition     = alltrue([for address in var.notification_emails : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "Addresses of mail, e.g. ops@example.com."
  }
}

variable "notification_channels" {
  type        = set(string)
  default     = []
  description = "Channels that exist already, which the policies tell too: projects/PROJECT/notificationChannels/ID."

  validation {
    condition     = alltrue([for name in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[0-9]+$", name))])
    error_message = "Right is projects/PROJECT/notificationChannels/ID."
  }
}

variable "custom_index" {
  type        = bool
  default     = false
  description = "Whether jsonPayload.message is indexed in the _Default log bucket, for services that log very much."
}

variable "log_retention_days" {
  type        = number
  default     = 30
  description = "How long the _Default log bucket keeps logs; used with custom_index alone, which sets it too."

  validation {
    condition     = var.log_retention_days >= 1 && var.log_retention_days <= 3650
    error_message = "1 to 3650 days."
  }
}

variable "delete_state" {
  type        = bool
  default     = false
  description = "Whether `terraform destroy` may delete a state that is not empty: alerts, silences, what was sent."
}
