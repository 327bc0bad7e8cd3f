import type { DescService } from '@bufbuild/protobuf';
import { file_trellis_credit_v1_credit } from '../../gen/trellis/credit/v1/credit_pb.js';
import { file_trellis_graph_v1_catalog } from '../../gen/trellis/graph/v1/catalog_pb.js';
import { file_trellis_graph_v1_graph } from '../../gen/trellis/graph/v1/graph_pb.js';
import { file_trellis_graph_v1_placement } from '../../gen/trellis/graph/v1/placement_pb.js';
import { file_trellis_graph_v1_repository } from '../../gen/trellis/graph/v1/repository_pb.js';
import { file_trellis_iam_v1_api_key } from '../../gen/trellis/iam/v1/api_key_pb.js';
import { file_trellis_iam_v1_auth } from '../../gen/trellis/iam/v1/auth_pb.js';
import { file_trellis_iam_v1_principal } from '../../gen/trellis/iam/v1/principal_pb.js';
import { file_trellis_iam_v1_subscription } from '../../gen/trellis/iam/v1/subscription_pb.js';
import { file_trellis_iam_v1_user } from '../../gen/trellis/iam/v1/user_pb.js';
import { file_trellis_ratelimit_v1_ratelimit } from '../../gen/trellis/ratelimit/v1/ratelimit_pb.js';

/** Every service of the contract, from the generated files. A new file is added here; a new RPC needs nothing. */
export const contractServices: readonly DescService[] = [
  file_trellis_iam_v1_auth,
  file_trellis_iam_v1_user,
  file_trellis_iam_v1_api_key,
  file_trellis_iam_v1_principal,
  file_trellis_iam_v1_subscription,
  file_trellis_graph_v1_catalog,
  file_trellis_graph_v1_graph,
  file_trellis_graph_v1_placement,
  file_trellis_graph_v1_repository,
  file_trellis_credit_v1_credit,
  file_trellis_ratelimit_v1_ratelimit,
].flatMap((file) => file.services);
