CREATE TABLE "iam"."repository_subscription" (
	"organization_id" text NOT NULL,
	"repository" text NOT NULL,
	"create_time" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "repository_subscription_organization_id_repository_pk" PRIMARY KEY("organization_id","repository")
);
--> statement-breakpoint
ALTER TABLE "iam"."revocation" ALTER COLUMN "credential_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "iam"."revocation" ADD COLUMN "organization_id" text;--> statement-breakpoint
ALTER TABLE "iam"."repository_subscription" ADD CONSTRAINT "repository_subscription_organization_id_organization_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "iam"."organization"("organization_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam"."revocation" ADD CONSTRAINT "revocation_subject" CHECK (num_nonnulls("iam"."revocation"."credential_id", "iam"."revocation"."organization_id") = 1);