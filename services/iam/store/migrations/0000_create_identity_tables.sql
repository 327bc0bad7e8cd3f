CREATE SCHEMA "iam";
--> statement-breakpoint
CREATE TABLE "iam"."api_key" (
	"api_key_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"user_id" text NOT NULL,
	"display_name" text NOT NULL,
	"secret_hash" text NOT NULL,
	"pepper_version" integer NOT NULL,
	"graph_ids" text[] NOT NULL,
	"create_time" timestamp (3) with time zone NOT NULL,
	"expire_time" timestamp (3) with time zone,
	"revoke_time" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "iam"."login_failure" (
	"subject" text PRIMARY KEY NOT NULL,
	"failure_count" integer NOT NULL,
	"last_failure_time" timestamp (3) with time zone NOT NULL,
	"blocked_until_time" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "iam"."member" (
	"organization_id" text NOT NULL,
	"user_id" text NOT NULL,
	"role" text NOT NULL,
	"create_time" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "member_organization_id_user_id_pk" PRIMARY KEY("organization_id","user_id"),
	CONSTRAINT "member_role" CHECK ("iam"."member"."role" in ('owner', 'admin', 'member'))
);
--> statement-breakpoint
CREATE TABLE "iam"."organization" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"display_name" text NOT NULL,
	"plan" text NOT NULL,
	"create_time" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "iam"."pending_plan_grant" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"plan" text NOT NULL,
	"attempt_count" integer NOT NULL,
	"next_attempt_time" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "iam"."refresh_token" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"session_id" text NOT NULL,
	"expire_time" timestamp (3) with time zone NOT NULL,
	"use_time" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "iam"."revocation" (
	"sequence" bigint PRIMARY KEY NOT NULL,
	"credential_id" text NOT NULL,
	"create_time" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "iam"."revocation_feed" (
	"id" smallint PRIMARY KEY NOT NULL,
	"last_sequence" bigint NOT NULL,
	"trimmed_sequence" bigint NOT NULL,
	CONSTRAINT "revocation_feed_single" CHECK ("iam"."revocation_feed"."id" = 1),
	CONSTRAINT "revocation_feed_order" CHECK (0 <= "iam"."revocation_feed"."trimmed_sequence" and "iam"."revocation_feed"."trimmed_sequence" <= "iam"."revocation_feed"."last_sequence")
);
--> statement-breakpoint
CREATE TABLE "iam"."session" (
	"session_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"user_id" text NOT NULL,
	"create_time" timestamp (3) with time zone NOT NULL,
	"expire_time" timestamp (3) with time zone NOT NULL,
	"end_time" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "iam"."user" (
	"user_id" text PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"email_lower" text NOT NULL,
	"name" text NOT NULL,
	"password_hash" text NOT NULL,
	"create_time" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "iam"."api_key" ADD CONSTRAINT "api_key_organization_id_organization_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "iam"."organization"("organization_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam"."api_key" ADD CONSTRAINT "api_key_user_id_user_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "iam"."user"("user_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam"."member" ADD CONSTRAINT "member_organization_id_organization_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "iam"."organization"("organization_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam"."member" ADD CONSTRAINT "member_user_id_user_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "iam"."user"("user_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam"."pending_plan_grant" ADD CONSTRAINT "pending_plan_grant_organization" FOREIGN KEY ("organization_id") REFERENCES "iam"."organization"("organization_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam"."refresh_token" ADD CONSTRAINT "refresh_token_session_id_session_session_id_fk" FOREIGN KEY ("session_id") REFERENCES "iam"."session"("session_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam"."session" ADD CONSTRAINT "session_member" FOREIGN KEY ("organization_id","user_id") REFERENCES "iam"."member"("organization_id","user_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_key_list" ON "iam"."api_key" USING btree ("organization_id","create_time","api_key_id") WHERE "iam"."api_key"."revoke_time" is null;--> statement-breakpoint
CREATE INDEX "login_failure_last_failure_time" ON "iam"."login_failure" USING btree ("last_failure_time");--> statement-breakpoint
CREATE INDEX "member_user" ON "iam"."member" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "pending_plan_grant_next_attempt_time" ON "iam"."pending_plan_grant" USING btree ("next_attempt_time");--> statement-breakpoint
CREATE INDEX "refresh_token_session" ON "iam"."refresh_token" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "refresh_token_expire_time" ON "iam"."refresh_token" USING btree ("expire_time");--> statement-breakpoint
CREATE INDEX "session_expire_time" ON "iam"."session" USING btree ("expire_time");--> statement-breakpoint
CREATE UNIQUE INDEX "user_email_lower" ON "iam"."user" USING btree ("email_lower");